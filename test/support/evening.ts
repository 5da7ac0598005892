/** A whole Mien with every first-party plugin in the shared process, each before its real counterpart, and a scenario whose frames wait for all of them. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Browser, Page } from 'playwright-core';
import type { MienEvent, Person } from '../../core/src/events.ts';
import { checkConfig } from '../../core/src/load-config.ts';
import type { Logger } from '../../core/src/log.ts';
import { createMien, type Mien } from '../../core/src/mien.ts';
import { readScenario } from '../../core/src/simulate/read-scenario.ts';
import { openChromium } from './chromium.ts';
import { lines, rules } from './evening-script.ts';
import { firstPartyNames, grantsOf } from './first-party.ts';
import { type ConnectedClient, connectClient, httpTransport } from './mcp.ts';
import { Mosquitto } from './mosquitto.ts';
import { MqttListener } from './mqtt-listener.ts';
import { must } from './must.ts';
import { type LogLine, patienceMs } from './plugin-host.ts';
import { until } from './processes.ts';
import { PtyRobot } from './pty-robot.ts';
import { listenAsRobot, type RobotListener } from './robot-listener.ts';
import { openRosbridgeRelay, type RosbridgeRelay } from './rosbridge-relay.ts';
import { recordingPlayer } from './speech.ts';
import { StagedSight, type StagedSightOptions } from './staged-sight.ts';
import { TemporaryFolder } from './temporary-folder.ts';
import { openWebhookReceiver, type WebhookReceiver } from './webhook-receiver.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));
const voice = fileURLToPath(new URL('recording-voice.mjs', import.meta.url));

export interface Evening extends AsyncDisposable {
  readonly mien: Mien;
  readonly sight: StagedSight;
  /** Everything that reached the bus, in order. */
  readonly ledger: MienEvent[];
  /** Events during which the camera was away. */
  readonly lostWhile: Set<MienEvent>;
  readonly log: LogLine[];
  readonly robot: PtyRobot;
  readonly broker: Mosquitto;
  readonly listener: MqttListener;
  readonly receiver: WebhookReceiver;
  readonly relay: RosbridgeRelay;
  readonly ros: RobotListener;
  readonly client: ConnectedClient;
  readonly page: Page;
  /** What the page wrote to its console as an error. */
  readonly pageFaults: string[];
  readonly playerLog: string;
  /** Texts that the voice was to say, in order. */
  spoken(): string[];
  people(): readonly Person[];
  run<T>(command: string, input?: object): Promise<T>;
  /** Ends Mien; the counterparts stay. */
  stop(): Promise<void>;
}

/** Every plugin has its counterpart when it resolves; nothing has been played. */
export async function openEvening(scenarioPath: string, lost: StagedSightOptions['lost']): Promise<Evening> {
  await using stack = new AsyncDisposableStack();
  const folder = stack.use(new TemporaryFolder()).path;
  const scenario = await readScenario(scenarioPath);
  const robot = stack.use(new PtyRobot(join(folder, 'ttyROBOT')));
  const broker = stack.use(await Mosquitto.open(folder));
  const listener = stack.use(await MqttListener.open(broker.url, 'mien/#', { qos: 2 }));
  const receiver = stack.use(await openWebhookReceiver());
  const relay = stack.use(await openRosbridgeRelay());
  const ros = stack.use(listenAsRobot(relay.url, '/humans/persons/tracked', 'hri_msgs/msg/IdsList'));
  const browser: Browser = must(await openChromium());
  stack.defer(() => browser.close());
  await robot.plug();

  const [spokenLog, playerLog] = [join(folder, 'spoken'), join(folder, 'played')];
  const options = {
    // Nothing that could hold up one message of a person until the next replaces it.
    'serial-robot': { port: robot.path, rateLimit: 1000, baudRate: 4_000_000, lines },
    mqtt: { url: broker.url, qos: 2 },
    webhook: { url: receiver.url, timeoutMs: 120_000 },
    speech: {
      greetings: [{ on: 'age.settled', text: 'Good evening, {person.id}.' }],
      ...{ engine: 'command', engineCommand: process.execPath, engineArgs: [voice, spokenLog, '{text}', '{out}'] },
      ...{ ...recordingPlayer(playerLog), maxQueued: 100, staleAfterS: 600, engineTimeoutS: 120 },
    },
    dialogue: { port: 0 },
    'ros-bridge': { url: relay.url, everyMs: 20 },
    'kiosk-screen': { port: 0, playlist: ['welcome.svg', 'hours.svg'], itemS: 1, minShowS: 0, fadeMs: 0, staleS: 600, rules },
  };
  const plugins = Object.fromEntries(firstPartyNames.map((name) => [name, { from: `@mien/plugins/${name}`, grant: grantsOf[name], options: options[name] }]));
  const config = checkConfig({ cameras: [{ name: scenario.camera }], stateFolder: join(folder, 'state'), plugins });
  const log: LogLine[] = [];
  const write = (level: string) => (fields: object, message: string) => void log.push({ level, fields: fields as LogLine['fields'], message });
  const logger: Logger = { error: write('error'), warn: write('warn'), info: write('info'), debug: write('debug'), trace: write('trace') };
  const sight = new StagedSight({ config, scenario, lost });
  const ledger: MienEvent[] = [];
  const lostWhile = new Set<MienEvent>();
  const note = (event: MienEvent): void => {
    ledger.push(event);
    if (sight.isLost) lostWhile.add(event);
  };
  const mien = await createMien(config, { sight, session: sight.session, api: false, baseFolder: root, logger, onBus: (bus) => bus.subscribe({}, note) });
  let stopped: Promise<void> | undefined;
  const stop = (): Promise<void> => (stopped ??= Promise.resolve(mien[Symbol.asyncDispose]()));
  stack.defer(stop);
  const run = <T>(command: string, input: object = {}): Promise<T> => mien.plugins.run(command, input) as Promise<T>;

  await until('the robot can be told', patienceMs, async () => (await run<{ silence: string | null }>('serial-robot.status')).silence === null);
  await until('the broker is there', patienceMs, () => listener.last('mien/mien/available') === 'online');
  await until('the rosbridge is there', patienceMs, async () => (await run<{ state: string }>('ros-bridge.status')).state === 'connected');
  await until('roslib has subscribed', patienceMs, () => relay.operations.some(({ op }) => op === 'subscribe'));
  const client = stack.use(await connectClient(httpTransport(await run('dialogue.address'))));
  const page = await browser.newPage({ viewport: { width: 640, height: 360 } });
  const pageFaults: string[] = [];
  page.on('console', (message) => void (message.type() === 'error' && pageFaults.push(message.text())));
  page.on('pageerror', (fault) => void pageFaults.push(String(fault)));
  await page.goto(`${(await run<{ url: string }>('kiosk-screen.status')).url}?screen=door`);
  const opened = stack.move();
  return {
    ...{ mien, sight, ledger, lostWhile, log, robot, broker, listener, receiver, relay, ros, client, page, pageFaults, playerLog, run, stop },
    people: () => mien.people.current(),
    spoken: () =>
      existsSync(spokenLog)
        ? readFileSync(spokenLog, 'utf8')
            .split('\n')
            .filter(Boolean)
            .map((line) => JSON.parse(line))
        : [],
    [Symbol.asyncDispose]: () => opened[Symbol.asyncDispose](),
  };
}
