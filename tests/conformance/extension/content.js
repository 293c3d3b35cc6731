/* global conformance */
/* Takes commands from the page by a DOM event; tells the background's commands on by sendMessage. */
{
  const { runtime } = globalThis.browser ?? globalThis.chrome;
  const run = conformance.createPlace(runtime);
  const reply = (key, value) => {
    document.documentElement.dataset[key] = JSON.stringify(value);
  };
  document.addEventListener('conformance-place', (event) => {
    try {
      reply('placeReply', run(JSON.parse(event.detail)));
    } catch (error) {
      reply('placeReply', { error: String(error) });
    }
  });
  document.addEventListener('conformance-background', (event) => {
    const { id, command } = JSON.parse(event.detail);
    runtime.sendMessage(command).then(
      (answer) => reply(`reply${id}`, { answer }),
      (error) => reply(`reply${id}`, { error: String(error) }),
    );
  });

  document.querySelector('conformance-panel')?.remove();
  const host = document.createElement('conformance-panel');
  host.style.cssText = 'position: fixed; inset: 8px 8px auto auto';
  const root = host.attachShadow({ mode: 'closed' });
  root.innerHTML = '<p>closed words</p><input aria-label="field"><button>0</button>';
  const button = root.querySelector('button');
  button.addEventListener('click', (event) => {
    if (event.isTrusted) button.textContent = String(Number(button.textContent) + 1);
  });
  document.documentElement.append(host);
  document.documentElement.dataset.conformance = 'ready';
  if (location.hash === '#throws') throw new Error('thrown on purpose');
}
