/** What the dialogs of several nodes have in common. */

/** On the canvas: the name, or the type where there is none. */
export const labelOf = (type: string) =>
  function (this: EditorNode): string {
    return this.name || type;
  };

export function labelStyle(this: EditorNode): string {
  return this.name ? 'node_label_italic' : '';
}

type Validate = (this: EditorNode, value: unknown, options?: unknown) => boolean | string;

/** Nothing, or a number within these bounds. */
export function numberWithin(min: number, max: number): Validate {
  return function (value, options) {
    const number = Number(value);
    if (value === '' || value === undefined || (Number.isFinite(number) && number >= min && number <= max)) return true;
    return fault(this, options, 'mien.check.number', { min, max });
  };
}

/** Editors before 3.0 want `false`, later ones say the text. */
export function fault(node: EditorNode, options: unknown, key: string, values: Readonly<Record<string, unknown>> = {}): boolean | string {
  return options === undefined ? false : node._(key, values);
}

/** What another field says: of the dialog while it is open, as the editor checks at each change. */
export function told(node: EditorNode, name: string): unknown {
  const open = document.querySelector<HTMLInputElement>(`#node-input-${name}`);
  if (!open) return node[name];
  return open.type === 'checkbox' ? open.checked : open.value;
}

/** A flow written by hand may lack what a select is for: the first option is what the node then does. */
export function chooseFirst(): void {
  for (const select of document.querySelectorAll<HTMLSelectElement>('#dialog-form select:not([multiple])'))
    if (select.selectedIndex < 0) select.selectedIndex = 0;
}

/** Shows what has `data-for` (or `data-<attribute>`) only while the select has one of these values. */
export function showRowsFor(select: HTMLSelectElement, root: ParentNode, attribute = 'for'): void {
  const update = (): void => {
    for (const row of root.querySelectorAll<HTMLElement>(`[data-${attribute}]`)) row.hidden = !(row.dataset[attribute] ?? '').split(' ').includes(select.value);
  };
  select.addEventListener('change', update);
  update();
}

/** Node-RED's jQuery adds the login of the editor. */
declare const $: { getJSON(url: string): PromiseLike<unknown> };

/** Offers, below a text field, what the chosen host tells at its admin endpoint; nothing while it is not deployed or not there. */
export function offerFromHost(field: HTMLInputElement, host: HTMLSelectElement, endpoint: string, namesIn: (answer: unknown) => readonly string[]): void {
  const list = document.createElement('datalist');
  list.id = `${field.id}-offered`;
  field.after(list);
  field.setAttribute('list', list.id);
  const fill = (names: readonly string[]): void =>
    list.replaceChildren(
      ...names.map((name) => {
        const option = document.createElement('option');
        option.value = name;
        return option;
      }),
    );
  const ask = (): void => {
    if (!/^[\w.-]+$/.test(host.value) || host.value === '_ADD_') fill([]);
    else
      $.getJSON(`mien/hosts/${host.value}/${endpoint}`).then(
        (answer) => fill(namesIn(answer)),
        () => fill([]),
      );
  };
  host.addEventListener('change', ask);
  ask();
}

/** Of a list of things with names. */
export function namesOf(answer: unknown): string[] {
  return Array.isArray(answer) ? answer.flatMap((one: { name?: unknown } | null) => (typeof one?.name === 'string' ? [one.name] : [])) : [];
}

/** A field of the open dialog. */
export function field<E extends HTMLElement = HTMLInputElement>(name: string): E {
  const found = document.querySelector<E>(`#node-input-${name}`);
  if (!found) throw new Error(`the dialog has no field ${name}`);
  return found;
}
