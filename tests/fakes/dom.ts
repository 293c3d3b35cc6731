/**
 * A page without a browser: linkedom's document, and of what that lacks the part that our modules use. It has no layout, no
 * styles and no closed roots worth the name: those are tested in browsers.
 *
 * Listeners take a signal, ARIA properties are attributes, one element has the focus, a disabled control hears no click,
 * a select has a value, and the page has frames and can be hidden. Time is the test's: `vi.useFakeTimers()`.
 */
import { EventTarget as DomEventTarget, parseHTML } from 'linkedom';

export interface FakeDom {
  readonly window: Window & typeof globalThis;
  readonly document: Document;
  /** The one element that matches. @throws {Error} where none does */
  find<Found extends HTMLElement = HTMLElement>(selector: string): Found;
  /** Fires an event that bubbles, with `fields`. As in a browser a button of the pointer is 0 unless they say otherwise. */
  fire(target: EventTarget, type: string, fields?: Record<string, unknown>): Event;
  setHidden(hidden: boolean): void;
}

/** The shadow root of an element, also a closed one. @throws {Error} where it has none */
export function shadowRootOf(host: Element): ShadowRoot {
  const root = shadowRoots.get(host);
  if (!root) throw new Error(`Cannot look into "${host.tagName}": it has no shadow root`);
  return root;
}

/** All that match, in order, also those in closed shadow roots. */
export function findAllInside(root: ParentNode, selector: string): HTMLElement[] {
  return [...root.querySelectorAll<HTMLElement>('*')].flatMap((element) => {
    const inside = shadowRoots.get(element);
    return [...(element.matches(selector) ? [element] : []), ...(inside ? findAllInside(inside, selector) : [])];
  });
}

/** Time between two frames, in ms. */
export const FRAME_MS = 16;

const REFLECTED = {
  role: 'role',
  ariaLabel: 'aria-label',
  ariaExpanded: 'aria-expanded',
  ariaLive: 'aria-live',
  htmlFor: 'for',
} as const;

const focused = new WeakMap<Document, HTMLElement>();
const shadowRoots = new WeakMap<Element, ShadowRoot>();
const assigned = new WeakMap<Element, Element[]>();

/** The frames of a browser, by timer. */
const FRAMES = {
  requestAnimationFrame: (run: FrameRequestCallback) => setTimeout(() => run(performance.now()), FRAME_MS),
  cancelAnimationFrame: (frame: ReturnType<typeof setTimeout>) => clearTimeout(frame),
};

completePrototypes();

/** Makes a page that is visible, its body empty but for `body`. */
export function createDom(body = ''): FakeDom {
  const window = parseHTML(`<!doctype html><html><head></head><body>${body}</body></html>`, FRAMES);
  const { document } = window;
  Object.assign(document, { hidden: false, visibilityState: 'visible', prerendering: false, fullscreenElement: null });
  const fire: FakeDom['fire'] = (target, type, fields = {}) => {
    const event = new window.Event(type, { bubbles: true, cancelable: true });
    Object.assign(event, { isTrusted: true, button: 0 }, fields);
    target.dispatchEvent(event);
    return event;
  };
  return {
    window,
    document,
    find<Found extends HTMLElement>(selector: string) {
      const found = document.querySelector<Found>(selector);
      if (!found) throw new Error(`Cannot find "${selector}": the page has ${document.body.innerHTML}`);
      return found;
    },
    fire,
    setHidden(hidden) {
      Object.assign(document, { hidden, visibilityState: hidden ? 'hidden' : 'visible' });
      fire(document, 'visibilitychange');
    },
  };
}

const isDisabled = (element: Element): boolean => (element as HTMLButtonElement).disabled === true;

function completePrototypes(): void {
  const { Element, HTMLElement, HTMLSelectElement, HTMLSlotElement, Document } = parseHTML('');
  const define = (on: object, members: PropertyDescriptorMap & ThisType<never>): void => {
    for (const member of Object.values(members)) member.configurable = true;
    Object.defineProperties(on, members);
  };

  const target = DomEventTarget.prototype as unknown as EventTarget;
  const add = target.addEventListener;
  target.addEventListener = function addEventListener(type, listener, options) {
    const signal = typeof options === 'object' ? options.signal : undefined;
    if (signal?.aborted) return;
    add.call(this, type, listener, options);
    signal?.addEventListener('abort', () => this.removeEventListener(type, listener), { once: true });
  };

  for (const [property, attribute] of Object.entries(REFLECTED)) {
    define(Element.prototype, {
      [property]: {
        get(this: Element) {
          return this.getAttribute(attribute);
        },
        set(this: Element, value: string | null) {
          if (value === null) this.removeAttribute(attribute);
          else this.setAttribute(attribute, value);
        },
      },
    });
  }

  const attachShadow = Reflect.get(Element.prototype, 'attachShadow') as Element['attachShadow'];
  define(Element.prototype, {
    attachShadow: {
      value(this: Element, options: ShadowRootInit) {
        const root = attachShadow.call(this, options);
        shadowRoots.set(this, root);
        return root;
      },
    },
  });

  define(HTMLSlotElement.prototype, {
    assign: {
      value(this: HTMLSlotElement, ...nodes: Element[]) {
        assigned.set(this, nodes);
      },
    },
    assignedElements: {
      value(this: HTMLSlotElement) {
        return assigned.get(this) ?? [];
      },
    },
  });

  const click = Reflect.get(HTMLElement.prototype, 'click') as (this: HTMLElement) => void;
  define(HTMLElement.prototype, {
    click: {
      value(this: HTMLElement) {
        if (!isDisabled(this)) click.call(this);
      },
    },
    focus: {
      value(this: HTMLElement) {
        if (this.isConnected && !isDisabled(this)) focused.set(this.ownerDocument, this);
      },
    },
  });
  define(Document.prototype, {
    activeElement: {
      get(this: Document) {
        const element = focused.get(this);
        return element?.isConnected && !isDisabled(element) ? element : this.body;
      },
    },
  });
  define(HTMLSelectElement.prototype, {
    value: {
      get(this: HTMLSelectElement) {
        const options = [...this.querySelectorAll('option')];
        return (options.find(({ selected }) => selected) ?? options[0])?.value ?? '';
      },
      set(this: HTMLSelectElement, value: string) {
        // Not `selected`: linkedom takes the selection from any other option, also with `false`.
        for (const option of this.querySelectorAll('option'))
          option.toggleAttribute('selected', option.value === value);
      },
    },
  });
}
