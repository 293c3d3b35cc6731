/* global conformance */
/* #listens: it does what no page of ours may, it has an onConnect listener. #popup: it connects by itself. */
const { runtime } = globalThis.browser ?? globalThis.chrome;
globalThis.place = conformance.createPlace(runtime);
if (location.hash === '#listens') runtime.onConnect.addListener(() => undefined);
if (location.hash === '#popup') globalThis.place({ op: 'connect', name: 'popup', messages: [] });
