/* Stands before background.js in one variant: every start but the first throws. Both tests are synchronous. */
if (globalThis.serviceWorker?.state === 'activated' || globalThis.localStorage?.getItem('started')) {
  throw new Error('thrown on purpose at the start of the background');
}
globalThis.localStorage?.setItem('started', 'yes');
