/** The composition root of the host: the order of start, and its exact reverse. */
import type { Config } from './config.ts';
import type { ConsoleServer } from './console/server.ts';
import { createContainer } from './container.ts';
import type { MienEvent } from './events.ts';
import type { EventBus } from './host/event-bus.ts';
import type { PluginChange, Plugins } from './host/plugins/plugins.ts';
import { type Logger, silentLogger } from './log.ts';
import type { People } from './people/people.ts';
import { createSteps, type InputListener } from './people/steps.ts';
import { Scope } from './scope.ts';
import { newSession, type Session } from './session.ts';
import type { Sight, SightListener } from './sight/sight.ts';
import { createSimulator, type Simulator } from './simulate/controller.ts';
import { step, stopStep } from './step.ts';
import { openServiceNotifier } from './systemd.ts';
import * as T from './tokens.ts';

export interface MienOptions {
  readonly logger?: Logger;
  /** Play every camera to its end, each frame, as fast as it can be read, and then be done. */
  readonly once?: boolean;
  /** Open the console and API; true unless said otherwise. */
  readonly api?: boolean;
  /** Folder of the configuration, for finding packages of plugins; the working folder unless said otherwise. */
  readonly baseFolder?: string;
  /** Writes what the console changes of a plugin into the configuration; false when it could not be kept. */
  readonly saveChange?: (name: string, change: PluginChange) => Promise<boolean>;
  /** Why it runs without plugins and modules: the console says so. */
  readonly safeMode?: string | undefined;
  /** Aborting it stops Mien wherever it is. */
  readonly signal?: AbortSignal;
  /** In place of the sight process: virtual people, a tape. */
  readonly sight?: Sight;
  /** In place of one of its own: that of a sight whose people are virtual. */
  readonly simulator?: Simulator;
  /** In place of a new one: a tape's is repeated, a tape that is recorded names it. */
  readonly session?: Session;
  /** Told whatever moves people, before it does: a tape is recorded. */
  readonly onInput?: InputListener;
  /** Called with the bus before anything can be published. */
  readonly onBus?: (bus: EventBus) => void;
}

export interface Mien extends AsyncDisposable {
  /** Address of the console; undefined without `api`. */
  readonly url: string | undefined;
  readonly bus: EventBus;
  readonly people: People;
  readonly sight: Sight;
  readonly plugins: Plugins;
  /** Resolves when every camera has ended, every event of theirs has been published, and plugins have taken them (within 5 s). */
  ended(): Promise<void>;
}

/** Sight loads two networks, tests them and says so; on a slow board from a slow card. */
const SIGHT_START_MS = 60_000;
const SERVER_START_MS = 10_000;
const PLUGINS_START_MS = 120_000;
/** Together under 5 s. Sight is given one second before it is killed; the server cuts what is open. */
const SIGHT_STOP_MS = 1200;
const PLUGINS_STOP_MS = 3000;
const SERVER_STOP_MS = 400;
/** How long plugins get to take the last events when nothing more can come. */
const CATCH_UP_MS = 5000;
/** How often persons are looked at while no frame comes. */
const TICK_MS = 100;

/** Starts Mien. Rejects with a MienError that names the step, after everything that had started was stopped again. */
export async function createMien(config: Config, options: MienOptions = {}): Promise<Mien> {
  const { logger = silentLogger, once = false, api = true, signal = new AbortController().signal } = options;
  const scope = new Scope();
  try {
    const container = await createContainer('host', config, logger);
    container.bind(T.RUN_MODE).toConstantValue({ once, baseFolder: options.baseFolder ?? process.cwd() });
    if (options.sight) container.rebind(T.SIGHT).toConstantValue(options.sight);
    container.rebind(T.STEPS).toConstantValue(createSteps(options.session ?? newSession(), options.onInput));
    const [bus, people, sight, plugins] = await Promise.all([
      container.getAsync(T.EVENT_BUS),
      container.getAsync(T.PEOPLE),
      container.getAsync(T.SIGHT),
      container.getAsync(T.PLUGINS),
    ]);
    options.onBus?.(bus);
    const publish = (events: readonly MienEvent[]): void => {
      for (const event of events) plugins.publish(event);
    };
    const listener: SightListener = {
      observation(observation) {
        publish(people.observe(observation));
        bus.announceObserved(observation.camera);
      },
      notice: (notice) => publish(people.notice(notice)),
      tick: () => publish(people.tick()),
    };
    const simulator = scope.use(options.simulator ?? createSimulator({ listener, config }));
    let server: ConsoleServer | undefined;
    if (api) {
      const [{ createServer }, { createNpuTelemetry }] = await Promise.all([import('./console/server.ts'), import('./device/npu-telemetry.ts')]);
      const { saveChange, safeMode } = options;
      const npu = createNpuTelemetry({ library: config.npu.library });
      const opening = createServer({ config, sight, people, bus, plugins, npu, simulator, logger, saveChange, safeMode });
      // Also one that is still being opened when the start is broken off.
      scope.defer(stopStep('close the console', SERVER_STOP_MS, async () => (await opening.catch(() => undefined))?.[Symbol.asyncDispose]()));
      server = await step('open the console', SERVER_START_MS, signal, () => opening);
    }
    scope.defer(stopStep('stop the plugins', PLUGINS_STOP_MS, async () => plugins[Symbol.asyncDispose]()));
    await step('start the plugins', PLUGINS_START_MS, signal, (cancel) => plugins.start(cancel));
    // With sight, before the plugins: nobody is left to be told.
    scope.use(simulator);
    scope.defer(stopStep('stop sight', SIGHT_STOP_MS, async () => sight[Symbol.asyncDispose]()));
    const service = scope.use(await openServiceNotifier(sight, logger));
    await step('start sight', SIGHT_START_MS, signal, (cancel) => sight.start(listener, cancel));
    if (!once && !sight.ticks) {
      const ticking = setInterval(() => publish(people.tick()), TICK_MS);
      scope.defer(() => clearInterval(ticking));
    }
    service.ready(server ? `console at ${server.url}` : 'running');
    scope.defer(() => service.stopping());
    return {
      url: server?.url,
      bus,
      people,
      sight,
      plugins,
      async ended() {
        await sight.ended();
        await plugins.caughtUp(CATCH_UP_MS);
      },
      [Symbol.asyncDispose]: () => scope[Symbol.asyncDispose](),
    };
  } catch (fault) {
    await scope[Symbol.asyncDispose]().catch((more) => logger.error({ err: more }, 'stopping after a failed start'));
    throw fault;
  }
}
