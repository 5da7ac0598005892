/** Makes elements. Text only: nothing that comes from outside is ever parsed as HTML. */

type Attributes = Readonly<Record<string, string | boolean | ((event: Event) => void) | undefined>>;

export function el<K extends keyof HTMLElementTagNameMap>(tag: K, attributes: Attributes = {}, ...children: Array<Node | string>): HTMLElementTagNameMap[K] {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === 'function') element.addEventListener(name, value);
    else if (value === true) element.setAttribute(name, '');
    else if (typeof value === 'string') element.setAttribute(name, value);
  }
  element.append(...children);
  return element;
}

/** An element of index.html. */
export function byId<T extends HTMLElement = HTMLElement>(id: string): T {
  const element = document.getElementById(id);
  if (!element) throw new Error(`index.html has no #${id}`);
  return element as T;
}

/** Changes the text only when it differs, so that selections and screen readers are left in peace. */
export function setText(element: HTMLElement, text: string): void {
  if (element.textContent !== text) element.textContent = text;
}

export function setTone(element: HTMLElement, tone: 'good' | 'warn' | 'bad' | 'quiet'): void {
  element.dataset['tone'] = tone;
}

/** A name and its value, for description lists. */
export function fact(name: string, value: Node | string): HTMLDivElement {
  return el('div', { class: 'fact' }, el('dt', {}, name), el('dd', {}, value));
}
