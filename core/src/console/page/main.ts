/** The console page: follows snapshots and events of one Mien and shows them. */
import { type Client, ClientError, createClient } from '../../client.ts';
import type { ConnectionState } from '../../socket-follower.ts';
import { DevicePanel } from './device-panel.ts';
import { byId, setText } from './dom.ts';
import { FeedPanel } from './feed-panel.ts';
import { PeoplePanel } from './people-panel.ts';
import { PluginsPanel } from './plugins-panel.ts';
import { PreviewPanel } from './preview-panel.ts';
import { keepToken, readToken } from './session.ts';
import { SimulatePanel } from './simulate-panel.ts';
import { bindTheme } from './theme.ts';

const statusEveryMs = 1000;
const modelsEvery = 5;
const snapshotMs = 200;
const heldShown = 50;
const simulationEveryMs = 500;

bindTheme(byId<HTMLButtonElement>('theme'));
const token = readToken();
const client = createClient({ url: location.origin, token });

void start();

async function start(): Promise<void> {
  const device = new DevicePanel(client);
  for (;;) {
    try {
      device.showStatus(await client.status());
      break;
    } catch (fault) {
      if (fault instanceof ClientError && fault.status === 401) return askForToken(token !== undefined);
      showConnection('lost');
      await new Promise((resolve) => setTimeout(resolve, 1000));
    }
  }
  showConnection('open');
  const people = new PeoplePanel();
  const preview = new PreviewPanel(client);
  addEventListener('pagehide', () => preview.stop());
  void followEvents(client);
  void followPeople(client, people, 'motion');
  void followSimulation(client);
  void poll(device, people, preview, new PluginsPanel(client));
}

function askForToken(refused: boolean): void {
  byId('login').hidden = false;
  byId('main').hidden = true;
  setText(byId('health'), 'locked');
  if (refused) setText(byId('login-note'), 'This token is not accepted. It is given as api.token or MIEN_TOKEN on the device.');
  byId('token').focus();
  byId('login').addEventListener('submit', (event) => {
    event.preventDefault();
    keepToken(byId<HTMLInputElement>('token').value.trim());
    location.reload();
  });
}

function showConnection(state: ConnectionState): void {
  const lost = byId('lost');
  if (state === 'open') lost.hidden = true;
  if (state !== 'lost') return;
  setText(lost, 'The connection to Mien is lost. Trying again …');
  lost.hidden = false;
  setText(byId('health'), 'no connection');
  byId('health').dataset['tone'] = 'bad';
}

async function followEvents(from: Client): Promise<void> {
  const feed = new FeedPanel();
  const { events: held, newest = 0 } = await from.heldEvents().catch(() => ({ events: [], newest: undefined }));
  for (const event of held.slice(-heldShown)) feed.add(event, false);
  const onGap = ({ reason, missed }: { reason: string; missed?: number }): void => {
    feed.addGap(reason === 'restarted' ? 'Mien was started anew.' : `${missed ?? 'Some'} events were missed.`);
  };
  for await (const event of from.events({ since: newest, onConnection: showConnection, onGap })) feed.add(event, true);
}

/** At frame rate where that is allowed, else once a second. */
async function followPeople(from: Client, panel: PeoplePanel, mode: 'motion' | 'periodic'): Promise<void> {
  try {
    for await (const people of from.snapshots({ mode, leastMs: snapshotMs })) panel.show(people);
  } catch (fault) {
    if (mode === 'motion' && fault instanceof ClientError && fault.code === 'FORBIDDEN') return followPeople(from, panel, 'periodic');
    throw fault;
  }
}

async function poll(device: DevicePanel, people: PeoplePanel, preview: PreviewPanel, plugins: PluginsPanel): Promise<void> {
  for (let round = 0; ; round += 1) {
    if (!document.hidden) {
      try {
        const status = await client.status();
        device.showStatus(status);
        preview.setCameras(status.sight.cameras.map(({ name }) => name));
        if (round % modelsEvery === 0) device.showModels(await client.models());
        plugins.show(...(await Promise.all([client.plugins(), client.commands()])));
        await people.refreshReasons(client);
      } catch {
        // The sockets tell that the connection is lost; the next round tries again.
      }
    }
    await new Promise((resolve) => setTimeout(resolve, statusEveryMs));
  }
}

/** Only while the panel is open. */
async function followSimulation(from: Client): Promise<void> {
  const panel = new SimulatePanel(from);
  const details = byId<HTMLDetailsElement>('simulate-panel');
  for (;;) {
    if (details.open && !document.hidden) panel.show(await from.simulation().catch(() => undefined));
    await new Promise((resolve) => setTimeout(resolve, simulationEveryMs));
  }
}
