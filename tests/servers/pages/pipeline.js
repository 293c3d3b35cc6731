const SENT = { burst: 'Sent 500 at once', nonsense: 'Sent nonsense' };

const MODES = {
  normal: () => 'Running normally',
  silent: () => 'Silent: connections stay open, nothing is sent',
  nonsense: () => 'Sending nonsense until it comes back',
  refusing: (status) => `Stopped: every connection is refused with ${status}`,
};

/** Words for what a source does; an action that happens once is told first. */
function wordsOf({ mode, status }, action) {
  const doing = MODES[mode](status);
  const sent = mode === 'normal' ? SENT[action] : undefined;
  return sent === undefined ? doing : `${sent}. ${doing}`;
}

function show(card, words, isError = false) {
  const line = card.querySelector('.state');
  // With the time, as the line is about the moment it was asked for and not about now.
  line.textContent = `${words} (${new Date().toLocaleTimeString()})`;
  line.classList.toggle('error', isError);
}

async function request(address, options) {
  let response;
  try {
    response = await fetch(address, options);
  } catch {
    throw new Error('The demo server cannot be reached');
  }
  if (!response.ok) throw new Error((await response.text()).trim());
  return response.json();
}

async function control(card, action) {
  try {
    const body = JSON.stringify({ action });
    const headers = { 'Content-Type': 'application/json' };
    const state = await request(`/control/${card.dataset.source}`, { method: 'POST', headers, body });
    show(card, wordsOf(state, action));
  } catch (error) {
    show(card, error.message, true);
  }
}

const cards = [...document.querySelectorAll('[data-source]')];

async function showAll() {
  try {
    const state = await request('/state');
    for (const card of cards) show(card, wordsOf(state[card.dataset.source]));
  } catch (error) {
    for (const card of cards) show(card, error.message, true);
  }
}

document.querySelector('[data-socket-address]').textContent = `ws://${location.host}/socket`;
for (const card of cards) {
  card.addEventListener('click', ({ target }) => {
    const action = target.closest('[data-action]')?.dataset.action;
    if (action !== undefined) control(card, action);
  });
}
// Comes after loading and after a return from the back/forward cache alike.
addEventListener('pageshow', showAll);
