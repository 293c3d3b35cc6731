/** What `place.js` puts on the global object. */
declare const conformance: {
  createPlace(runtime: object): (command: object) => unknown;
  createBackground(onConnect: object, runtime: object): (command: object) => unknown;
};
