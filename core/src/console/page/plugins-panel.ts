/** Plugins: state, options as a form, commands to try. */
import { type Client, ClientError, type CommandInfo, type PluginStatus } from '../../client.ts';
import { byId, el, fact, setText, setTone } from './dom.ts';
import { SchemaForm } from './schema-form.ts';

const tones: Readonly<Record<PluginStatus['state'], 'good' | 'warn' | 'bad' | 'quiet'>> = {
  running: 'good',
  starting: 'quiet',
  stopping: 'quiet',
  waiting: 'warn',
  blocked: 'warn',
  quarantined: 'bad',
  available: 'quiet',
  disabled: 'quiet',
  stopped: 'quiet',
};

export class PluginsPanel {
  readonly #client: Client;
  readonly #cards = new Map<string, PluginCard>();

  constructor(client: Client) {
    this.#client = client;
  }

  show(plugins: readonly PluginStatus[], commands: readonly CommandInfo[]): void {
    byId('plugins-panel').hidden = plugins.length === 0;
    const names = new Set(plugins.map(({ name }) => name));
    for (const [name, card] of this.#cards) {
      if (names.has(name)) continue;
      this.#cards.delete(name);
      card.root.remove();
    }
    for (const plugin of plugins) {
      let card = this.#cards.get(plugin.name);
      if (!card) {
        card = new PluginCard(plugin.name, this.#client);
        this.#cards.set(plugin.name, card);
        byId('plugins').append(card.root);
      }
      card.update(
        plugin,
        commands.filter((command) => command.plugin === plugin.name),
      );
    }
  }
}

class PluginCard {
  readonly root: HTMLElement;
  readonly #name: string;
  readonly #client: Client;
  readonly #pill = el('span', { class: 'pill' });
  readonly #about = el('p', { class: 'muted' });
  readonly #problem = el('p', { class: 'problem' });
  readonly #facts = el('dl', { class: 'facts' });
  readonly #switch = el('button', { type: 'button', class: 'small', click: () => void this.#toggle() });
  readonly #restart = el(
    'button',
    { type: 'button', class: 'small', click: () => void this.#act(() => this.#client.restartPlugin(this.#name), 'Restarted.') },
    'Restart',
  );
  readonly #result = el('span', { class: 'result', role: 'status' });
  readonly #options = el('details', {}, el('summary', {}, 'Options'));
  readonly #commands = el('details', {}, el('summary', {}, 'Commands'));
  #isOn = false;
  #shown = '';
  #formOf = '';
  #commandsOf = '';

  constructor(name: string, client: Client) {
    this.#name = name;
    this.#client = client;
    this.root = el(
      'div',
      { class: 'device plugin', 'data-plugin': name },
      el('div', { class: 'device-head' }, el('strong', {}, name), this.#pill),
      this.#about,
      this.#problem,
      this.#facts,
      this.#options,
      this.#commands,
      el('div', { class: 'row' }, this.#switch, this.#restart, this.#result),
    );
  }

  update(plugin: PluginStatus, commands: readonly CommandInfo[]): void {
    const shown = JSON.stringify([plugin, commands]);
    if (shown === this.#shown) return;
    this.#shown = shown;
    const { state, reason, description = '', needs, wants, grant, events, outbox, crashes, restarts } = plugin;
    setText(this.#pill, state);
    setTone(this.#pill, tones[state]);
    setText(this.#about, description);
    this.#about.hidden = description === '';
    setText(this.#problem, reason ?? '');
    this.#problem.hidden = reason === undefined;
    this.#isOn = state !== 'disabled' && state !== 'available';
    this.#switch.hidden = state === 'available';
    setText(this.#switch, this.#isOn ? 'Disable' : 'Enable');
    this.#restart.hidden = !this.#isOn;
    setText(this.#restart, state === 'quarantined' ? 'Try again' : 'Restart');
    const seen = (one: (typeof grant)[number], otherwise: string) => (grant.includes(one) ? one : `${one} (${otherwise})`);
    const sees = [...needs.map((need) => seen(need, 'not granted')), ...wants.map((want) => seen(want, 'optional, not granted'))].join(', ');
    const last = crashes.at(-1);
    this.#facts.replaceChildren(
      fact('Sees', sees || 'nothing'),
      fact(
        'Events',
        `${events.delivered} delivered${events.dropped > 0 ? `, ${events.dropped} dropped` : ''}${events.faults > 0 ? `, ${events.faults} faults` : ''}`,
      ),
      ...(outbox ? [fact('Outbox', `${outbox.held} waiting, ${outbox.sent} sent${outbox.dropped > 0 ? `, ${outbox.dropped} dropped` : ''}`)] : []),
      ...(restarts > 0 ? [fact('Restarts', `${restarts}${last ? `, last: ${last.reason}` : ''}`)] : []),
    );
    this.#updateOptions(plugin);
    this.#updateCommands(commands);
  }

  /** The form stays as it is while somebody writes in it; it is made anew when the options have changed. */
  #updateOptions({ optionsSchema, options }: PluginStatus): void {
    const formOf = JSON.stringify([optionsSchema, options]);
    if (formOf === this.#formOf) return;
    this.#formOf = formOf;
    const form = new SchemaForm(optionsSchema, options);
    const save = el('button', { type: 'submit', class: 'small' }, 'Save and restart');
    const box = el('form', { class: 'form-box', novalidate: true }, form.root, save);
    box.addEventListener('submit', (event) => {
      event.preventDefault();
      void this.#save(form);
    });
    box.addEventListener('change', () => void this.#check(form));
    this.#options.hidden = form.isEmpty;
    this.#options.replaceChildren(el('summary', {}, 'Options'), box);
  }

  #updateCommands(commands: readonly CommandInfo[]): void {
    const commandsOf = JSON.stringify(commands);
    if (commandsOf === this.#commandsOf) return;
    this.#commandsOf = commandsOf;
    this.#commands.hidden = commands.length === 0;
    this.#commands.replaceChildren(el('summary', {}, 'Commands'), ...commands.map((command) => this.#commandBox(command)));
  }

  #commandBox({ name, input }: CommandInfo): HTMLElement {
    const form = new SchemaForm(input, {});
    const answer = el('span', { class: 'result', role: 'status' });
    const box = el(
      'form',
      { class: 'form-box', novalidate: true },
      form.root,
      el('div', { class: 'row' }, el('button', { type: 'submit', class: 'small' }, `Run ${name}`), answer),
    );
    box.addEventListener('submit', (event) => {
      event.preventDefault();
      const value = form.read();
      if (!value) return;
      setText(answer, 'Running …');
      setTone(answer, 'quiet');
      void this.#client.run(name, value).then(
        (result) => {
          setText(answer, result === null ? 'Done.' : JSON.stringify(result).slice(0, 300));
          setTone(answer, 'good');
        },
        (fault: Error) => {
          setText(answer, fault.message);
          setTone(answer, 'bad');
        },
      );
    });
    return box;
  }

  async #check(form: SchemaForm): Promise<void> {
    const value = form.read();
    if (value) form.showFaults(await this.#client.checkPluginOptions(this.#name, value).catch(() => []));
  }

  async #save(form: SchemaForm): Promise<void> {
    const value = form.read();
    if (!value) return;
    const faults = await this.#client.checkPluginOptions(this.#name, value).catch(() => []);
    form.showFaults(faults);
    if (faults.length === 0) await this.#act(() => this.#client.setPluginOptions(this.#name, value), 'Saved.');
  }

  #toggle(): Promise<void> {
    return this.#act(() => this.#client.enablePlugin(this.#name, !this.#isOn), this.#isOn ? 'Disabled.' : 'Enabled.');
  }

  async #act(action: () => Promise<PluginStatus | { plugin: PluginStatus; saved: boolean }>, done: string): Promise<void> {
    setText(this.#result, 'One moment …');
    setTone(this.#result, 'quiet');
    try {
      const answer = await action();
      setText(this.#result, 'saved' in answer && !answer.saved ? `${done} Until Mien ends: it runs without a configuration file.` : done);
      setTone(this.#result, 'good');
    } catch (fault) {
      setText(this.#result, fault instanceof ClientError ? fault.message : 'Mien does not answer.');
      setTone(this.#result, 'bad');
    }
  }
}
