/* global conformance, importScripts */
if (typeof importScripts === 'function') importScripts('place.js');

const { runtime } = globalThis.browser ?? globalThis.chrome;
const run = conformance.createBackground(runtime.onConnect, runtime);
runtime.onMessage.addListener((command, _sender, answer) => {
  answer(run(command));
});
