/*
 * Both ends of a port, told what to do by the rules. A classic script: the extension's pages, content script and
 * background load it, and the fake world runs the very same code on the fake's ports.
 */
globalThis.conformance = (() => {
  /** Values that a port may change on the way. */
  const SPECIAL = {
    undefinedInObject: () => ({ a: undefined, b: 1 }),
    undefinedInArray: () => [undefined, 1],
    undefinedAlone: () => undefined,
    notANumber: () => [Number.NaN, Infinity, -0],
    date: () => new Date(0),
    map: () => new Map([['a', 1]]),
    bytes: () => new Uint8Array([1, 2]),
    bigint: () => 1n,
    function: () => () => 1,
    cycle: () => {
      const cycle = {};
      cycle.self = cycle;
      return cycle;
    },
    element: () => globalThis.document?.body ?? (() => 1),
  };

  /** A value in words, so that a test can see what JSON would hide. */
  function describe(value) {
    if (value === undefined) return 'undefined';
    if (typeof value === 'bigint') return `${value}n`;
    if (typeof value === 'number') return Object.is(value, -0) ? '-0' : String(value);
    if (value === null || typeof value !== 'object') return JSON.stringify(value) ?? typeof value;
    if (Array.isArray(value)) return `[${value.map(describe).join(', ')}]`;
    const tag = Object.prototype.toString.call(value).slice(8, -1);
    const fields = Object.keys(value).map((key) => `${key}: ${value[key] === value ? 'itself' : describe(value[key])}`);
    return `${tag === 'Object' ? '' : `${tag} `}{${fields.join(', ')}}`;
  }

  const threw = (run) => {
    try {
      run();
      return null;
    } catch (error) {
      return String(error);
    }
  };

  const asJson = (value) => {
    try {
      return JSON.parse(JSON.stringify(value));
    } catch {
      return null;
    }
  };

  /** Records all that a port says. `reconnect`, if given, is called inside `onDisconnect`. */
  function record(runtime, port, reconnect) {
    const log = [];
    port.onMessage.addListener((message) => log.push({ message: asJson(message), shape: describe(message) }));
    port.onDisconnect.addListener((closed) => {
      log.push({
        disconnected: {
          cause: runtime?.lastError?.message ?? closed?.error?.message ?? null,
          idStillSet: runtime?.id !== undefined,
          postThrows: threw(() => port.postMessage('late')) !== null,
        },
      });
      reconnect?.();
    });
    return log;
  }

  /** The page's end. `runtime`: `browser.runtime` or the fake's. */
  function createPlace(runtime) {
    const ports = [];
    function connect({ name, messages = [], reconnect = false }) {
      let index = -1;
      const error = threw(() => {
        const port = runtime.connect({ name });
        index = ports.length;
        const again = reconnect ? () => connect({ name: `${name} again`, messages: ['hello again'] }) : undefined;
        ports.push({ port, log: record(runtime, port, again) });
        for (const message of messages) port.postMessage(message);
      });
      return { index, threw: error };
    }
    const commands = {
      connect,
      connectMany: ({ name, count }) => {
        for (let i = 0; i < count; i += 1) connect({ name: `${name} ${i}`, messages: [i] });
        return {};
      },
      receivedByAll: () => ({ received: ports.map(({ log }) => log.map(({ message }) => message)) }),
      post: ({ port, messages }) => ({
        threw: threw(() => messages.forEach((message) => ports[port].port.postMessage(message))),
      }),
      postSpecial: ({ port, kind }) => ({ threw: threw(() => ports[port].port.postMessage(SPECIAL[kind]())) }),
      postAndChange: ({ port }) => {
        const message = { value: 'before' };
        ports[port].port.postMessage(message);
        message.value = 'after';
        return {};
      },
      disconnect: ({ port, messages = [] }) => {
        for (const message of messages) ports[port].port.postMessage(message);
        ports[port].port.disconnect();
        return {};
      },
      log: ({ port }) => ({ log: ports[port].log }),
      ports: () => ({ names: ports.map(({ port }) => port.name) }),
      runtimeId: () => ({ id: runtime?.id ?? null }),
    };
    return (command) => commands[command.op](command);
  }

  /** The background's end: one record per port name. */
  function createBackground(onConnect, runtime) {
    const ports = new Map();
    onConnect.addListener((port) => ports.set(port.name, { port, log: record(runtime, port) }));
    const bornAt = String(Math.random());
    const commands = {
      birth: () => ({ bornAt }),
      log: ({ name }) => ({ log: ports.get(name)?.log ?? null }),
      names: () => ({ names: [...ports.keys()] }),
      sender: ({ name }) => ({ sender: ports.get(name)?.port.sender ?? null }),
      post: ({ name, messages }) => ({
        threw: threw(() => messages.forEach((message) => ports.get(name).port.postMessage(message))),
      }),
      postSpecial: ({ name, kind }) => ({ threw: threw(() => ports.get(name).port.postMessage(SPECIAL[kind]())) }),
      /** Answers each port whose name starts so with what it sent. */
      echoAll: ({ prefix }) => {
        const own = [...ports].filter(([name]) => name.startsWith(prefix)).map(([, entry]) => entry);
        for (const { port, log } of own) for (const { message } of log) port.postMessage(message);
        return { count: own.length };
      },
      /** Posts 0, 1, 2... in slices. */
      flood: ({ name, count, slice, everyMs }) => {
        let next = 0;
        const timer = setInterval(() => {
          for (let i = 0; i < slice; i += 1) ports.get(name).port.postMessage(next++);
          if (next >= count) clearInterval(timer);
        }, everyMs);
        return {};
      },
      disconnect: ({ name, messages = [] }) => {
        const { port } = ports.get(name);
        for (const message of messages) port.postMessage(message);
        port.disconnect();
        return {};
      },
    };
    return (command) => commands[command.op](command);
  }

  return { createPlace, createBackground, describe };
})();
