/** The list of conditions in the dialog of mien-events: a property of the person, and values or bounds for it. */

/** As the node reads it. */
export interface ConditionRow {
  readonly path: string;
  readonly values: string;
  readonly min: string;
  readonly max: string;
}

const parts = ['path', 'values', 'min', 'max'] as const;

/** Node-RED's own list of rows. */
declare const $: (selector: string) => {
  editableList(options: object): void;
  editableList(method: 'addItem', row: object): void;
};

const list = '#mien-events-conditions';

/** `placeholder` gives the text of an empty field. */
export function showConditions(rows: readonly Partial<ConditionRow>[], placeholder: (part: keyof ConditionRow) => string): void {
  $(list).editableList({
    removable: true,
    height: 'auto',
    addItem: (container: readonly HTMLElement[], _index: number, row: Partial<ConditionRow>) => {
      const line = document.createElement('div');
      line.className = 'mien-condition';
      line.style.cssText = 'display: flex; gap: 4px';
      line.append(...parts.map((part) => fieldOf(part, row[part], placeholder(part))));
      container[0]?.append(line);
    },
  });
  for (const row of rows) $(list).editableList('addItem', row);
}

function fieldOf(part: keyof ConditionRow, value: string | undefined, placeholder: string): HTMLInputElement {
  const field = document.createElement('input');
  field.type = 'text';
  field.dataset['part'] = part;
  field.value = String(value ?? '');
  field.placeholder = placeholder;
  field.style.cssText = part === 'min' || part === 'max' ? 'flex: 1; min-width: 0' : 'flex: 3; min-width: 0';
  if (part === 'path') field.setAttribute('list', 'mien-events-paths');
  return field;
}

/** What is typed there; rows in which nothing is are left out. */
export function shownConditions(): ConditionRow[] {
  const text = (line: Element, part: keyof ConditionRow): string => line.querySelector<HTMLInputElement>(`[data-part="${part}"]`)?.value.trim() ?? '';
  return [...document.querySelectorAll(`${list} .mien-condition`)]
    .map((line) => ({ path: text(line, 'path'), values: text(line, 'values'), min: text(line, 'min'), max: text(line, 'max') }))
    .filter((row) => parts.some((part) => row[part] !== ''));
}

/** A property, and values or at least one bound that is a number. */
export function isCondition({ path = '', values = '', min = '', max = '' }: Partial<ConditionRow>): boolean {
  const bounds = [min, max].map(String).filter((bound) => bound.trim() !== '');
  return path.trim() !== '' && (values.trim() !== '' || (bounds.length > 0 && bounds.every((bound) => Number.isFinite(Number(bound)))));
}
