import { createElement } from '../ui/create-element';
import type { Translate } from '../ui/words';
import type { Addressee } from './protocol';

export interface ConversationForm {
  element: HTMLFormElement;
  /** Enables the field and Send, or disables them; the text in the field stays. A chosen addressee stays while it is there. */
  update(isOpen: boolean, addressees: readonly Addressee[]): void;
  /** Puts a text that was not sent back: after others that came back, before what was typed meanwhile. */
  giveBack(text: string): void;
  /** Moves to the field; does nothing while it is disabled. */
  focus(): void;
}

export interface ConversationFormOptions {
  /** Id of the element that says why the field is disabled or the text was refused. */
  describedBy: string;
  /** `false` keeps the text in the field. */
  send(text: string, to: string | null): boolean;
}

/** Makes the line to write in. With no feed that takes text there is no choice to make, and none is shown. */
export function createConversationForm(
  document: Document,
  t: Translate,
  { describedBy, send }: ConversationFormOptions,
): ConversationForm {
  const choice = createElement(document, 'select', 'to');
  choice.id = 'conversation-to';
  const choiceLabel = createElement(document, 'label', 'label', t('conversation.to'));
  choiceLabel.htmlFor = choice.id;
  const choiceRow = createElement(document, 'div', 'row', choiceLabel, choice);
  const field = createElement(document, 'input', 'field');
  field.id = 'conversation-text';
  field.autocomplete = 'off';
  field.enterKeyHint = 'send';
  field.dir = 'auto';
  field.setAttribute('aria-describedby', describedBy);
  const fieldLabel = createElement(document, 'label', 'label', t('conversation.text'));
  fieldLabel.htmlFor = field.id;
  const button = createElement(document, 'button', 'send', t('conversation.send'));
  button.type = 'submit';
  const write = createElement(document, 'div', 'write', field, button);
  const fieldRow = createElement(document, 'div', 'row', fieldLabel, write);
  const element = createElement(document, 'form', 'form', choiceRow, fieldRow);
  let shown: readonly Addressee[] | null = null;
  /** What the field begins with because it was given back. */
  let returned = '';

  const createOption = (value: string, label: string): HTMLOptionElement => {
    const option = createElement(document, 'option', '', label);
    option.value = value;
    return option;
  };

  function showAddressees(addressees: readonly Addressee[]): void {
    if (addressees === shown) return;
    shown = addressees;
    const chosen = choice.value;
    // The background is '': a feed's id never is.
    choice.replaceChildren(
      createOption('', t('conversation.background')),
      ...addressees.map(({ id, name }) => createOption(id, name)),
    );
    choice.value = addressees.some(({ id }) => id === chosen) ? chosen : '';
    choiceRow.hidden = addressees.length === 0;
  }

  element.addEventListener('submit', (event) => {
    event.preventDefault();
    if (send(field.value, choice.value || null)) {
      field.value = '';
      returned = '';
    }
    field.focus();
  });

  return {
    element,
    update(isOpen, addressees) {
      for (const control of [field, button, choice]) control.disabled = !isOpen;
      showAddressees(addressees);
    },
    giveBack(text) {
      const before = field.value.startsWith(returned) ? returned : '';
      const typed = field.value.slice(before.length);
      returned = [before, text].filter(Boolean).join(' ');
      field.value = [returned, typed.trimStart()].filter(Boolean).join(' ');
    },
    focus() {
      if (!field.disabled) field.focus();
    },
  };
}
