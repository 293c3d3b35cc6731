/** Background of the extension that reconnects after a second: an event stream for each port, which names its address. */
import { browser } from 'wxt/browser';

browser.runtime.onConnect.addListener((port) => {
  const source = new EventSource(port.name);
  source.addEventListener('message', ({ data }) => {
    port.postMessage((JSON.parse(data as string) as { n: number }).n);
  });
  port.onDisconnect.addListener(() => source.close());
});
