import { describe, expect, it, vi } from 'vitest';
import { createConversationForm } from '../../../utils/conversation/conversation-form';
import { createDom } from '../../fakes/dom';
import { createEnglish } from '../ui/english';

const BUILDS = { id: 'builds', name: 'Builds' };
const LOGS = { id: 'logs', name: 'Logs' };

function createBench({ isOpen = true, addressees = [BUILDS, LOGS] } = {}) {
  const { document, fire, find } = createDom();
  const send = vi.fn<(text: string, to: string | null) => boolean>(() => true);
  const form = createConversationForm(document, createEnglish(), { describedBy: 'status', send });
  document.body.append(form.element);
  form.update(isOpen, addressees);
  const [field, button, choice] = [
    find<HTMLInputElement>('input'),
    find<HTMLButtonElement>('button'),
    find<HTMLSelectElement>('select'),
  ];
  const type = (text: string): void => {
    field.value = text;
  };
  return { ...form, document, send, field, button, choice, find, type, submit: () => fire(form.element, 'submit') };
}

describe('conversation form', () => {
  it('names its fields, and says where the reason stands that one is disabled', () => {
    const { document, field, button, choice } = createBench();
    const labels = [...document.querySelectorAll('label')].map((label) => [label.htmlFor, label.textContent]);
    expect(labels).toEqual([
      [choice.id, 'Send to'],
      [field.id, 'Message'],
    ]);
    expect(field.getAttribute('aria-describedby')).toBe('status');
    expect([button.type, button.textContent]).toEqual(['submit', 'Send']);
  });

  it.each([true, false])('has its controls enabled %j as the connection is open', (isOpen) => {
    const { field, button, choice } = createBench({ isOpen });
    expect([field.disabled, button.disabled, choice.disabled]).toEqual([!isOpen, !isOpen, !isOpen]);
  });

  it('keeps what is typed while it is disabled', () => {
    const { field, type, update } = createBench();
    type('half a sen');
    update(false, [BUILDS]);
    update(true, [BUILDS]);
    expect(field.value).toBe('half a sen');
  });

  it('sends what is typed to the background, and empties the field', () => {
    const { send, field, type, submit } = createBench();
    type('hello');
    expect(submit().defaultPrevented).toBe(true);
    expect(send).toHaveBeenCalledExactlyOnceWith('hello', null);
    expect(field.value).toBe('');
  });

  it('sends to the feed that is chosen', () => {
    const { send, choice, type, submit } = createBench();
    choice.value = 'logs';
    type('hello');
    submit();
    expect(send).toHaveBeenCalledExactlyOnceWith('hello', 'logs');
  });

  it('keeps a text in the field that was not sent', () => {
    const { send, field, type, submit } = createBench();
    send.mockReturnValue(false);
    type('too much');
    submit();
    expect(field.value).toBe('too much');
  });

  it('has the focus in its field after sending, sent or not', () => {
    const { document, send, field, button, submit } = createBench();
    for (const isSent of [true, false]) {
      send.mockReturnValue(isSent);
      button.focus();
      submit();
      expect(document.activeElement).toBe(field);
    }
  });

  it('takes the focus when told, but not while it is disabled', () => {
    const { document, field, focus, update } = createBench({ isOpen: false });
    focus();
    expect(document.activeElement).toBe(document.body);
    update(true, []);
    focus();
    expect(document.activeElement).toBe(field);
  });
});

describe('choice of whom to send to', () => {
  it('offers the background and each feed that takes text, by name', () => {
    const { choice } = createBench();
    const options = [...choice.querySelectorAll('option')].map(({ value, textContent }) => [value, textContent]);
    expect(options).toEqual([
      ['', 'Background'],
      ['builds', 'Builds'],
      ['logs', 'Logs'],
    ]);
  });

  it('is not shown while there is no feed to choose', () => {
    const { choice, update } = createBench({ addressees: [] });
    expect(choice.parentElement?.hidden).toBe(true);
    update(true, [BUILDS]);
    expect(choice.parentElement?.hidden).toBe(false);
  });

  it('stays on a feed while that is there', () => {
    const { choice, update } = createBench();
    choice.value = 'logs';
    update(true, [LOGS, BUILDS]);
    expect(choice.value).toBe('logs');
  });

  it('goes to the background when its feed goes, and sends there', () => {
    const { choice, update, send, type, submit } = createBench();
    choice.value = 'logs';
    update(true, [BUILDS]);
    expect([choice.value, choice.querySelector('option')?.selected]).toEqual(['', true]);
    type('hello');
    submit();
    expect(send).toHaveBeenCalledExactlyOnceWith('hello', null);
  });

  it('is not touched by an update that changes nothing of it', () => {
    const addressees = [BUILDS];
    const { choice, update } = createBench({ addressees });
    const [first] = choice.querySelectorAll('option');
    update(false, addressees);
    expect(choice.querySelector('option')).toBe(first);
  });

  it('shows a name as the text that it is', () => {
    const { choice } = createBench({ addressees: [{ id: 'x', name: '<b>x</b>' }] });
    expect(choice.querySelectorAll('option')[1]?.textContent).toBe('<b>x</b>');
  });
});

describe('text that is given back', () => {
  it.each([
    { typed: '', back: ['a'], field: 'a' },
    { typed: 'new', back: ['a'], field: 'a new' },
    { typed: '', back: ['a', 'b'], field: 'a b' },
    { typed: 'new', back: ['a', 'b', 'c'], field: 'a b c new' },
  ])('$back before the typed "$typed" gives "$field"', ({ typed, back, field: shown }) => {
    const { field, type, giveBack } = createBench();
    type(typed);
    for (const text of back) giveBack(text);
    expect(field.value).toBe(shown);
  });

  it('stands before what was typed between two', () => {
    const { field, type, giveBack } = createBench();
    giveBack('a');
    type('a typed');
    giveBack('b');
    expect(field.value).toBe('a b typed');
  });

  it('stands before all of the field once the person changed what came back', () => {
    const { field, type, giveBack } = createBench();
    giveBack('abc');
    type('ab');
    giveBack('x');
    expect(field.value).toBe('x ab');
  });

  it('is forgotten with the next text that is sent', () => {
    const { field, type, submit, giveBack } = createBench();
    giveBack('a');
    submit();
    type('a new');
    giveBack('b');
    expect(field.value).toBe('b a new');
  });
});
