/** Config node: which Mien. It holds the connection that the other nodes ask for. */
import { homedir } from 'node:os';
import { join } from 'node:path';
import { registerAdmin } from '../admin.ts';
import { ChildHost } from '../host/child-host.ts';
import type { HereSettings } from '../host/child-settings.ts';
import { ConnectHost, type HostLog } from '../host/connect-host.ts';
import { Deploys } from '../host/deploys.ts';
import { findMien } from '../host/find-mien.ts';
import { HostRegistry, type OwnedHost } from '../host/host-registry.ts';
import type { HostNode } from '../host-connection.ts';
import type { NodeDef, RawNode, Red } from '../red.ts';

export interface HostDef extends NodeDef {
  /** `here`: run one as a child of Node-RED. `connect`: one that runs already. */
  readonly mode?: 'here' | 'connect';
  readonly command?: string;
  /** For `connect`; with `here`, taken where no Mien is installed. */
  readonly url?: string;
  readonly profile?: 'kiosk' | 'robot';
  /** Lines of a mien.yaml, for `here`. */
  readonly extra?: string;
}

const registry = new HostRegistry();
/** One for all hosts of this process; Node-RED has one set of flows. */
let deploys: Deploys | undefined;

export default function mienHost(red: Red): void {
  deploys?.[Symbol.dispose]();
  const ours = new Deploys(red.events);
  ours.listen();
  deploys = ours;
  const userDir = red.settings.userDir ?? join(homedir(), '.node-red');

  red.nodes.registerType(
    'mien-host',
    function (this: RawNode & Partial<HostNode>, def: HostDef) {
      red.nodes.createNode(this, def);
      const { mode = 'here', command = '', url = '', profile = 'kiosk', extra = '' } = def;
      const settings: HereSettings = { command, profile, extra, token: this.credentials?.['token'] || undefined };
      const name = `mien-host ${def.name || def.id}`;
      const log: HostLog = { info: (text) => red.log.info(`[${name}] ${text}`), warn: (text) => red.log.warn(`[${name}] ${text}`) };
      const make = (): OwnedHost => {
        const isElsewhere = mode === 'connect' || (url !== '' && findMien({ command, userDir }).kind === 'missing');
        if (isElsewhere) return new ConnectHost({ url, token: settings.token }, log);
        return new ChildHost({ settings, userDir, folder: join(userDir, 'mien', def.id), deploys: ours, log });
      };
      const lease = registry.take(def.id, mode === 'connect' ? [mode, url, settings.token] : [mode, url, settings], make);
      Object.defineProperty(this, 'connection', { value: lease.connection });
      this.on('close', (removed: boolean, done: () => void) => {
        lease.release(removed);
        done();
      });
    },
    { credentials: { token: { type: 'password' } } },
  );
  registerAdmin(red, userDir);
}
