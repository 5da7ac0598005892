import { fault, showRowsFor } from './shared/dialog.ts';

/** What the admin endpoint says of "run one here". */
interface Found {
  readonly kind: 'found' | 'missing';
  readonly where?: string;
  readonly installLine?: string;
}

/** Node-RED's jQuery adds the login of the editor. */
declare const $: { getJSON(url: string): PromiseLike<Found> };

RED.nodes.registerType('mien-host', {
  category: 'config',
  defaults: {
    name: { value: '' },
    mode: { value: 'here' },
    command: { value: '' },
    url: {
      value: '',
      validate(value, options) {
        const isNeeded = this['mode'] === 'connect';
        const isFine = /^((https?|wss?):\/\/)?[^\s/]+\/?$/.test(String(value ?? '').trim());
        return isFine || (!isNeeded && !value) || fault(this, options, 'mien-host.check.url');
      },
    },
    profile: { value: 'kiosk' },
    extra: { value: '' },
  },
  credentials: { token: { type: 'password' } },
  label() {
    return this.name || (this['mode'] === 'connect' ? `Mien: ${this['url']}` : 'Mien');
  },
  oneditprepare() {
    const mode = part<HTMLSelectElement>('node-config-input-mode');
    const command = part<HTMLInputElement>('node-config-input-command');
    showRowsFor(mode, mode.closest('form') ?? document);
    const look = (): void => {
      $.getJSON(`mien/find?command=${encodeURIComponent(command.value)}`).then(
        (found) => show(this, found),
        () => show(this, undefined),
      );
    };
    command.addEventListener('change', look);
    look();
  },
});

function show(node: EditorNode, found: Found | undefined): void {
  const where = found?.where === undefined ? '' : node._(`mien-host.found.${found.where}`);
  part('mien-host-found').textContent = found ? node._(`mien-host.found.${found.kind}`, { where }) : '';
  part('mien-host-install').textContent = found?.installLine ?? '';
}

function part<E extends HTMLElement = HTMLElement>(id: string): E {
  const found = document.querySelector<E>(`#${id}`);
  if (!found) throw new Error(`the dialog has no ${id}`);
  return found;
}
