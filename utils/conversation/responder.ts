/**
 * The background's end of the conversation: every open panel, and what it answers. Private windows have a conversation of
 * their own: nothing said there is shown in other windows, nor the other way round.
 *
 * `accept` must be called synchronously in `runtime.onConnect`, or what the panel posted right after connecting is lost.
 * Messages wait for transcript and feeds, in order, also those of a panel that closed meanwhile: the person did send them.
 */
import type { SendResult } from '../feeds/source';
import { post, type AcceptedPort, type Sender } from '../stream/port';
import {
  MAX_MESSAGES_PER_SECOND,
  MAX_TEXT_BYTES,
  PRIVATE_CONVERSATION_PORT_NAME,
  parseToBackground,
  utf8Bytes,
  type Addressee,
  type Entry,
  type RefusalReason,
  type ToBackground,
  type ToPanel,
} from './protocol';
import type { Transcript } from './transcript';

/** The feeds that take text. Must not throw or reject. */
export interface Upstream {
  addressees(): Addressee[];
  /**
   * Passes the text on, at once or when the feed can take it; `reason` is a code, which the answer carries to the page.
   * `isPrivate`: whether it comes from a private window, which has connections of its own.
   */
  send(feedId: string, text: string, options: { isPrivate: boolean }): SendResult | Promise<SendResult>;
}

export interface ResponderOptions {
  /** Whether this is a page of this extension, judged by what the browser vouches for. */
  isExtensionPage(sender: Sender | undefined): boolean;
  /** What was said in windows of each kind. */
  transcripts: { normal: Transcript; private: Transcript };
  upstream: Upstream;
  /** Settles when `upstream` knows its feeds. Rejected, the conversation goes on with those it knows. */
  whenReady: Promise<unknown>;
  /** Epoch ms. */
  now(): number;
}

export interface Responder {
  /** Takes a port named `conversation` or `private-conversation`; closes it if its sender may not have it. */
  accept(port: AcceptedPort): void;
  /** Tells every panel of the feeds that take text now. Call it when the feeds were changed. */
  addresseesChanged(): void;
  /** Panels that have the transcript and get each entry. */
  openPanels(): number;
}

type Send = Extract<ToBackground, { type: 'SEND' }>;

interface Panel {
  readonly port: AcceptedPort;
  readonly isPrivate: boolean;
  readonly transcript: Transcript;
  isOpen: boolean;
  /** When its last messages were let in, epoch ms, oldest first. */
  letInAt: number[];
}

/** Whether a panel is in a private window: the browser's word on its tab, and where it has none, the page's own. */
const isPrivatePort = ({ name, sender }: AcceptedPort): boolean =>
  sender?.tab?.incognito ?? name === PRIVATE_CONVERSATION_PORT_NAME;

/** Answers panels; keeps no timer. */
export function createResponder(options: ResponderOptions): Responder {
  const { isExtensionPage, transcripts, upstream, now } = options;
  const panels = new Set<Panel>();
  const whenReady = Promise.allSettled([
    transcripts.normal.whenLoaded,
    transcripts.private.whenLoaded,
    options.whenReady,
  ]);

  // The size is 0 because the transcript's own limits bound it, not the stream's 256 KiB.
  const tell = ({ port }: Panel, message: ToPanel): boolean => post(port, message, 0);

  /** A promise's callbacks run in the order of adding, before and after it resolves. */
  function afterLoading(run: () => void): void {
    void whenReady.then(run);
  }

  function isTooFast(panel: Panel, at: number): boolean {
    // A clock that was set back must not lock the person out: times ahead of now count as past.
    panel.letInAt = panel.letInAt.filter((time) => time <= at && at - time < 1_000);
    if (panel.letInAt.length >= MAX_MESSAGES_PER_SECOND) return true;
    panel.letInAt.push(at);
    return false;
  }

  function refusal({ text, to }: Send, addressee: Addressee | undefined): RefusalReason | null {
    if (text.trim() === '') return 'empty';
    if (utf8Bytes(text) > MAX_TEXT_BYTES) return 'too-long';
    return to !== null && addressee === undefined ? 'no-such-addressee' : null;
  }

  function add(transcript: Transcript, ...entries: Entry[]): void {
    transcript.append(...entries);
    const concerned = [...panels].filter((panel) => panel.transcript === transcript);
    for (const entry of entries) {
      for (const panel of concerned) tell(panel, { type: 'ENTRY', entry });
    }
  }

  function take(panel: Panel, send: Send, at: number): void {
    const { transcript, isPrivate } = panel;
    if (transcript.entries().some(({ id }) => id === send.id)) return;
    const addressee = upstream.addressees().find(({ id }) => id === send.to);
    const reason = refusal(send, addressee) ?? (isTooFast(panel, at) ? 'too-fast' : null);
    if (reason) {
      tell(panel, { type: 'REFUSED', id: send.id, reason });
      return;
    }
    const to = addressee?.name ?? null;
    const said: Entry = { id: send.id, at, from: 'person', text: send.text, to, answers: null, outcome: null };
    const answer = (part: Pick<Entry, 'text' | 'outcome'>): Entry => ({
      ...part,
      id: crypto.randomUUID(),
      at: now(),
      from: 'background',
      to,
      answers: send.id,
    });
    if (!addressee) {
      add(transcript, said, answer({ text: `Background received: "${send.text}"`, outcome: 'received' }));
      return;
    }
    add(transcript, said);
    void Promise.resolve(upstream.send(addressee.id, send.text, { isPrivate })).then((result) =>
      add(
        transcript,
        answer(result.ok ? { text: '', outcome: 'accepted' } : { text: result.reason, outcome: 'refused' }),
      ),
    );
  }

  function drop(panel: Panel): void {
    panel.isOpen = false;
    panels.delete(panel);
  }

  return {
    accept(port) {
      if (!isExtensionPage(port.sender)) {
        port.disconnect();
        return;
      }
      const isPrivate = isPrivatePort(port);
      const transcript = isPrivate ? transcripts.private : transcripts.normal;
      const panel: Panel = { port, isPrivate, transcript, isOpen: true, letInAt: [] };
      port.onDisconnect.addListener(() => drop(panel));
      port.onMessage.addListener((raw) => {
        const parsed = parseToBackground(raw);
        if (!parsed.ok) {
          drop(panel);
          port.disconnect();
          return;
        }
        const { message } = parsed;
        if (message.type === 'PING') {
          tell(panel, { type: 'PONG', id: message.id });
          return;
        }
        const at = now();
        afterLoading(() => take(panel, message, at));
      });
      afterLoading(() => {
        if (!panel.isOpen) return;
        panels.add(panel);
        tell(panel, { type: 'TRANSCRIPT', entries: [...transcript.entries()], addressees: upstream.addressees() });
      });
    },
    addresseesChanged() {
      for (const panel of panels) tell(panel, { type: 'ADDRESSEES', addressees: upstream.addressees() });
    },
    openPanels: () => panels.size,
  };
}
