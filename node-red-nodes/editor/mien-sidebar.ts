/**
 * The sidebar "Mien": each host, who is before it, its models and how it fares. It asks once a second while it is to be seen, by the editor's own login;
 * no picture comes this way, and what a host says is shown as text.
 */
import { type HostAnswer, type HostParts, type HostSection, type ModelAnswer, type PersonAnswer, sectionOf } from './shared/sidebar-view.ts';

const EVERY_MS = 1000;
const WITHIN_MS = 5000;

RED.plugins.registerPlugin('mien-sidebar', {
  onadd() {
    const content = document.createElement('div');
    content.className = 'mien-sidebar';
    const text = (key: string, values?: Readonly<Record<string, unknown>>): string => this._(key, values);
    RED.sidebar.addTab({ id: 'mien', label: 'Mien', name: 'Mien', iconClass: 'fa fa-eye', content, enableOnEdit: true });
    void follow(content, text);
  },
});

type Text = (key: string, values?: Readonly<Record<string, unknown>>) => string;

async function follow(content: HTMLElement, text: Text): Promise<never> {
  let shown = '';
  for (;;) {
    if (content.getClientRects().length > 0 && !document.hidden) {
      const sections = await ask(text).catch((): HostSection[] => [{ title: 'Mien', mood: 'error', rows: [], notes: [text('mien-sidebar.unanswered')] }]);
      const now = JSON.stringify(sections);
      if (now !== shown)
        content.replaceChildren(...(sections.length > 0 ? sections.map((section) => draw(section, text)) : [paragraph(text('mien-sidebar.none'))]));
      shown = now;
    }
    await new Promise((resolve) => setTimeout(resolve, EVERY_MS));
  }
}

async function ask(text: Text): Promise<HostSection[]> {
  const { hosts } = await get<{ hosts: HostAnswer[] }>('mien/hosts');
  return await Promise.all(hosts.map(async (host) => sectionOf(await partsOf(host), location.hostname, text)));
}

async function partsOf(host: HostAnswer): Promise<HostParts> {
  if (host.kind !== 'connected') return { host };
  const path = `mien/hosts/${encodeURIComponent(host.id)}`;
  try {
    const [people, models] = await Promise.all([get<PersonAnswer[]>(`${path}/people`), get<ModelAnswer[]>(`${path}/models`)]);
    return { host, people, models };
  } catch {
    return { host };
  }
}

/** By jQuery, to which the editor gives its login. */
async function get<T>(url: string): Promise<T> {
  return (await $.ajax({ url, dataType: 'json', timeout: WITHIN_MS, cache: false })) as T;
}

function draw({ title, mood, rows, notes, consoleUrl }: HostSection, text: Text): HTMLElement {
  const section = document.createElement('section');
  section.dataset['mood'] = mood;
  const list = document.createElement('dl');
  for (const { label, value } of rows) list.append(element('dt', label), element('dd', value));
  section.append(element('h3', title), list, ...notes.map(paragraph));
  if (consoleUrl) {
    const link = document.createElement('a');
    link.className = 'red-ui-button';
    link.href = consoleUrl;
    link.target = '_blank';
    link.rel = 'noopener noreferrer';
    link.textContent = text('mien-sidebar.open');
    section.append(link);
  }
  return section;
}

const paragraph = (words: string): HTMLElement => element('p', words);

function element(tag: string, words: string): HTMLElement {
  const made = document.createElement(tag);
  made.textContent = words;
  return made;
}
