/** What the dialogs of several nodes have in common. */

/** Spread into a type: how it looks on the canvas. */
export const look = (type: string) => ({
  category: 'mien',
  color: '#8fb8a8',
  label(this: EditorNode): string {
    return this.name || type;
  },
  labelStyle(this: EditorNode): string {
    return this.name ? 'node_label_italic' : '';
  },
});

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

/** Shows the rows that have `data-for` only while the select has one of these values. */
export function showRowsFor(select: HTMLSelectElement, root: ParentNode): void {
  const update = (): void => {
    for (const row of root.querySelectorAll<HTMLElement>('[data-for]')) row.hidden = !(row.dataset['for'] ?? '').split(' ').includes(select.value);
  };
  select.addEventListener('change', update);
  update();
}
