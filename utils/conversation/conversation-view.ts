/** The conversation as popup and side panel show it. What anybody typed is set as text, never as markup. */
import type { Port } from '../stream/port';
import { createElement, setText } from '../ui/create-element';
import type { Translate } from '../ui/words';
import { createConversationClient, type ConversationState } from './conversation-client';
import { createConversationForm } from './conversation-form';
import { createConversationLog } from './conversation-log';

export interface ConversationViewOptions {
  t: Translate;
  page: Window;
  /** Opens a port named `conversation`. May throw. */
  connect(): Port;
  signal: AbortSignal;
}

/** What a status line is told from outside the conversation. */
export interface ConversationView {
  /** Has `text` read out by assistive software. It is not shown: say it elsewhere too. */
  announce(text: string): void;
}

/**
 * Puts the conversation at the end of `root`, disconnected, with the focus on Connect: Enter connects and moves to the
 * field. Needs theme.css and conversation.css, under an element of class `tidings`.
 * Ends the connection when the page is left or `signal` aborts.
 */
export function mountConversation(
  root: HTMLElement,
  { t, page, connect, signal }: ConversationViewOptions,
): ConversationView {
  const { document } = page;
  const title = createElement(document, 'h2', 'title', t('conversation.title'));
  title.id = 'conversation-title';
  const connectButton = createButton(document, 'connect', t('conversation.connect'));
  const disconnectButton = createButton(document, 'disconnect', t('conversation.disconnect'));
  const buttons = createElement(document, 'div', 'buttons', connectButton, disconnectButton);
  const bar = createElement(document, 'header', 'bar', title, buttons);
  const log = createConversationLog(document, t, title.id);
  const said = createElement(document, 'span', 'said');
  const announced = createElement(document, 'span', 'announced');
  const status = createElement(document, 'p', 'status', said, announced);
  status.id = 'conversation-status';
  status.setAttribute('role', 'status');
  // Only what changed is read out: what was announced long ago still stands there.
  status.setAttribute('aria-atomic', 'false');
  const form = createConversationForm(document, t, {
    describedBy: status.id,
    send: (text, to) => client.send(text, to),
  });
  const section = createElement(document, 'section', 'conversation', bar, log.element, status, form.element);
  section.setAttribute('aria-labelledby', title.id);

  const client = createConversationClient({
    connect,
    now: Date.now,
    timers: page,
    onChange: render,
    onUnsent: form.giveBack,
  });

  function render(state: ConversationState): void {
    const { name } = state.connection;
    const isOpen = name === 'connecting' || name === 'connected';
    const active = document.activeElement;
    const losesFocus = !isOpen && (active === disconnectButton || form.element.contains(active));
    section.dataset['connection'] = name;
    section.dataset['refusal'] = state.refusal ?? '';
    connectButton.disabled = isOpen;
    disconnectButton.disabled = !isOpen;
    form.update(isOpen, state.addressees);
    log.update(state.entries);
    setText(said, statusWords(t, state));
    if (losesFocus) connectButton.focus();
  }

  connectButton.addEventListener(
    'click',
    () => {
      client.connect();
      form.focus();
    },
    { signal },
  );
  disconnectButton.addEventListener('click', client.disconnect, { signal });
  // [chrome] A port that went into the back/forward cache is dead and does not say so.
  page.addEventListener('pagehide', client.disconnect, { signal });
  signal.addEventListener('abort', client.disconnect, { once: true });

  root.append(section);
  render(client.state());
  connectButton.focus();
  return { announce: (text) => setText(announced, text) };
}

function createButton(document: Document, className: string, label: string): HTMLButtonElement {
  const button = createElement(document, 'button', className, label);
  button.type = 'button';
  return button;
}

/** Why the newest message was refused, else how the connection is and what to do about it. */
function statusWords(t: Translate, { connection, refusal }: ConversationState): string {
  if (connection.name === 'ended') return t(`conversation.ended.${underscored(connection.reason)}`);
  if (refusal && connection.name !== 'disconnected') return t(`conversation.refusal.${underscored(refusal)}`);
  return t(`conversation.state.${connection.name}`);
}

type Underscored<Code extends string> = Code extends `${infer Head}-${infer Tail}`
  ? `${Head}_${Underscored<Tail>}`
  : Code;

/** Message names have no hyphen. */
const underscored = <Code extends string>(code: Code): Underscored<Code> =>
  code.replaceAll('-', '_') as Underscored<Code>;
