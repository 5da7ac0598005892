/** One plugin of the configuration, over all its runs: started, watched, started anew, left alone when it crashes too often. */
import { createHash } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { Backoff } from '../../backoff.ts';
import type { PluginSettings } from '../../config.ts';
import { CrashRecord } from './crash-record.ts';
import { locatePlugin, type PluginPlace } from './discovery.ts';
import type { PluginEvents } from './plugin-events.ts';
import { codeFingerprint } from './plugin-files.ts';
import type { PluginLimits } from './plugin-limits.ts';
import { type Outcome, PluginRun, type RunParts } from './plugin-run.ts';
import type { PluginState, PluginStatus } from './plugin-status.ts';
import { type Isolation, wishedIsolation } from './seats.ts';
import type { Verdict } from './start-order.ts';

export interface InstanceParts extends RunParts {
  readonly limits: PluginLimits;
  /** Folder of the configuration: packages are looked for from there. */
  readonly baseFolder: string;
  readonly events: PluginEvents;
}

export interface InstanceSettings {
  readonly settings: PluginSettings;
  readonly from: string;
  /** Under development: all that it asks for is granted. */
  readonly grantAll: boolean;
}

export class Instance {
  readonly name: string;
  readonly record: CrashRecord;
  readonly #parts: InstanceParts;
  /** Between tries of code that cannot be loaded: it may just be written or installed. */
  readonly #loadAgain: Backoff;
  #given: InstanceSettings;
  #closing: AbortController | undefined;
  #living: Promise<void> = Promise.resolve();
  #settled = Promise.withResolvers<void>();
  #run: PluginRun | undefined;
  #last: PluginRun | undefined;
  #place: PluginPlace | undefined;
  #state: PluginState = 'stopped';
  #reason: string | undefined;
  /** State and reason that the log had last. */
  #told: string | undefined;
  /** A process that it shared was lost by it, or for no known reason: from then on it has its own. */
  #isAlone = false;
  #insteadBecause: string | undefined;
  #fingerprint: string | undefined;
  #resumeFrom: number | undefined;
  #passed: PluginStatus['events'] = { delivered: 0, dropped: 0, faults: 0, vetoed: 0, late: 0 };
  restarts = 0;
  startedAtWallMs: number | undefined;

  constructor(name: string, given: InstanceSettings, parts: InstanceParts) {
    this.name = name;
    this.#given = given;
    this.#parts = parts;
    this.record = new CrashRecord(parts.limits);
    this.#loadAgain = new Backoff({ firstMs: parts.limits.backoffFirstMs, capMs: parts.limits.loadAgainMs });
    if (!given.settings.enabled) this.#state = 'disabled';
    parts.order.set(name, 'down', 'is not started');
  }

  get given(): InstanceSettings {
    return this.#given;
  }

  get state(): PluginState {
    return this.#state;
  }

  get reason(): string | undefined {
    return this.#reason;
  }

  get place(): PluginPlace | undefined {
    return this.#place;
  }

  /** The run that is under way, or the last one: what it said of itself. */
  get run(): PluginRun | undefined {
    return this.#run ?? this.#last;
  }

  get isolation(): Isolation {
    const wished = wishedIsolation(this.#given.settings, this.#place);
    return wished === 'shared' && this.#isAlone ? 'own' : wished;
  }

  /** Over all runs. */
  get events(): PluginStatus['events'] {
    const now = this.#run?.attached?.stats;
    return now ? sum(this.#passed, now) : this.#passed;
  }

  /** Resolves when it runs, or it is known why it does not. */
  get settled(): Promise<void> {
    return this.#settled.promise;
  }

  /** Begins to live, unless it is disabled or lives already. */
  start(): void {
    if (this.#closing) return;
    if (!this.#given.settings.enabled) {
      this.#set('disabled');
      return;
    }
    const closing = new AbortController();
    this.#closing = closing;
    this.#settled = Promise.withResolvers<void>();
    this.#loadAgain.reset();
    this.#set('starting');
    this.#living = this.#live(closing.signal);
  }

  /** Idempotent. Resolves when nothing of it runs any more. */
  async stop(withinMs?: number): Promise<void> {
    if (this.#run && withinMs !== undefined) this.#run.stopWithinMs = withinMs;
    const closing = this.#closing;
    if (closing && !closing.signal.aborted) {
      if (this.#state === 'running') this.#set('stopping');
      closing.abort();
    }
    await this.#living;
    // Somebody else may have waited for the same end, and started it again.
    if (this.#closing !== closing) return;
    this.#closing = undefined;
    this.#set(this.#given.settings.enabled ? 'stopped' : 'disabled');
  }

  /** With these settings from the next start on. */
  replace(given: InstanceSettings): void {
    this.#given = given;
    this.#insteadBecause = undefined;
  }

  /** What was held against it is forgotten. */
  pardon(): void {
    this.record.clear();
    this.#parts.state.setQuarantine(this.name, undefined);
  }

  async #live(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      try {
        await this.#once(signal);
      } catch (fault) {
        if (signal.aborted) return;
        // Such as a folder that cannot be read: nothing that only a change of the plugin could end.
        this.#set('blocked', fault instanceof Error ? fault.message : String(fault));
        await pause(this.#loadAgain.next(), signal);
      }
    }
  }

  /** One try, and the wait for the next. */
  async #once(signal: AbortSignal): Promise<void> {
    const { baseFolder, order, state, limits } = this.#parts;
    const { name } = this;
    const { settings, from, grantAll } = this.#given;
    order.forget(name);
    // While code that cannot be loaded is tried again it stays blocked, with the reason.
    const isLoadedAgain = this.#loadAgain.failures > 0;
    if (!isLoadedAgain) this.#set('starting');
    const place = locatePlugin(from, baseFolder);
    this.#place = place;
    const fingerprint = fingerprintOf(place, settings);
    // Other code, other options: what was before is not held against it.
    if (this.#fingerprint !== undefined && this.#fingerprint !== fingerprint) this.record.clear();
    this.#fingerprint = fingerprint;
    const quarantine = state.quarantine(name);
    if (quarantine?.fingerprint === fingerprint) {
      this.#set('quarantined', this.#leftAlone(quarantine.reason));
      return pause(undefined, signal);
    }
    if (quarantine) this.pardon();
    const run = new PluginRun(this.#parts, {
      name,
      place,
      settings,
      isolation: this.isolation,
      grantAll,
      insteadBecause: this.#insteadBecause,
      resumeFrom: this.#resumeFrom,
    });
    this.#run = run;
    let healthy: NodeJS.Timeout | undefined;
    const outcome = await run.go(signal, {
      loaded: () => {
        if (isLoadedAgain) this.#set('starting');
      },
      running: () => {
        this.#set('running', run.lastGoodBecause);
        this.startedAtWallMs = Date.now();
        healthy = setTimeout(() => {
          this.record.healthy();
          run.keepGood();
        }, limits.healthyMs);
        healthy.unref();
      },
    });
    clearTimeout(healthy);
    this.#finish(run);
    await this.#after(outcome, run, signal);
  }

  #finish(run: PluginRun): void {
    this.#last = run;
    this.#run = undefined;
    this.startedAtWallMs = undefined;
    const { attached } = run;
    if (!attached) return;
    this.#passed = sum(this.#passed, attached.stats);
    this.#resumeFrom = attached.takenUpTo;
  }

  async #after(outcome: Outcome, run: PluginRun, signal: AbortSignal): Promise<void> {
    const isLoaded = outcome.kind !== 'blocked' || outcome.until !== 'later';
    if (isLoaded) this.#loadAgain.reset();
    if (outcome.kind === 'stopped') return;
    if (outcome.kind === 'crashed') return this.#crashed(outcome, run, signal);
    this.#set('blocked', outcome.reason);
    if (outcome.until === 'fixed') return pause(undefined, signal);
    if (!isLoaded) return pause(this.#loadAgain.next(), signal);
    return this.#untilServed(signal);
  }

  /** Until every service that it uses is there; meanwhile it tells what is missing now. */
  async #untilServed(signal: AbortSignal): Promise<void> {
    const isNews = (verdict: Verdict): boolean => verdict === 'go' || (typeof verdict === 'object' && verdict.reason !== this.#reason);
    while (!signal.aborted) {
      const verdict = await this.#parts.order.until(this.name, isNews, signal).catch(() => 'go' as const);
      if (typeof verdict !== 'object') return;
      this.#set('blocked', verdict.reason);
    }
  }

  async #crashed({ reason, culprit, stage }: Extract<Outcome, { kind: 'crashed' }>, run: PluginRun, signal: AbortSignal): Promise<void> {
    const { state, limits, logger, events } = this.#parts;
    const { name, record } = this;
    const isMine = culprit === name;
    // Another one's fault in a shared process: no crash of this one.
    if (!isMine && culprit !== undefined) {
      this.#set('waiting', `its process ended because of ${culprit}`);
      return this.#again(signal);
    }
    // Mien itself stops, and gave it less time than agreed.
    if (stage === 'stop' && run.stopWithinMs !== undefined) {
      logger.warn({ plugin: name, reason }, `the plugin ${name} had to be killed`);
      return;
    }
    record.add(reason, !isMine);
    if (this.isolation === 'shared' && run.tookProcess) this.#isAlone = true;
    if (stage === 'start' && this.#canFallBack()) this.#insteadBecause = `with the present ones it ${reason}`;
    if (record.isEnough) {
      const said = `crashed ${record.count} times within ${Math.round(limits.crashWindowMs / 60_000)} min, at last: ${reason}`;
      state.setQuarantine(name, { fingerprint: this.#fingerprint ?? '', reason: said, atWallMs: Date.now() });
      logger.error({ plugin: name, reason }, `the plugin ${name} is quarantined`);
      this.#set('quarantined', this.#leftAlone(said));
      events.quarantined(name, reason, record.count);
      return;
    }
    if (signal.aborted) {
      logger.warn({ plugin: name, reason }, `the plugin ${name} had to be killed`);
      events.failed(name, reason, record.count);
      return;
    }
    const waitMs = isMine ? record.nextWaitMs() : 0;
    logger.warn({ plugin: name, reason, retryMs: Math.round(waitMs) }, `the plugin ${name} failed`);
    this.#set('waiting', `${reason}. It is started anew ${waitMs === 0 ? 'at once' : `in ${Math.ceil(waitMs / 1000)} s`}`);
    events.failed(name, reason, record.count, Math.round(waitMs));
    await pause(waitMs, signal);
    return this.#again(signal);
  }

  #leftAlone(reason: string): string {
    return `${reason}. It is left alone until its code or options change, or \`mien plugin enable ${this.name}\``;
  }

  #again(signal: AbortSignal): void {
    if (!signal.aborted) this.restarts += 1;
  }

  /** A person at the terminal learns that it runs, or why not; tries that change nothing are not told again. Crashes are told where they happen. */
  #tell(state: PluginState, reason: string | undefined): void {
    if (state === 'starting') return;
    const told = `${state} ${reason}`;
    if (told === this.#told) return;
    this.#told = told;
    const { logger } = this.#parts;
    const { name } = this;
    if (state !== 'running' && state !== 'blocked') return;
    if (state === 'blocked') logger.warn({ plugin: name, reason }, `the plugin ${name} is blocked`);
    else if (reason !== undefined) logger.warn({ plugin: name, reason }, `the plugin ${name} runs with its last good options`);
    else logger.info({ plugin: name }, `the plugin ${name} runs`);
  }

  /** Options that worked once are there, and they are others. */
  #canFallBack(): boolean {
    const good = this.#parts.state.lastGood(this.name);
    return good !== undefined && JSON.stringify(good.options) !== JSON.stringify(this.#given.settings.options);
  }

  #set(state: PluginState, reason?: string): void {
    this.#state = state;
    this.#reason = reason;
    this.#tell(state, reason);
    const { order } = this.#parts;
    if (state === 'running' || state === 'starting') order.set(this.name, state);
    else order.set(this.name, 'down', said[state]);
    if (state !== 'starting') this.#settled.resolve();
  }
}

const said: Partial<Record<PluginState, string>> = {
  disabled: 'is disabled',
  blocked: 'is blocked itself',
  waiting: 'crashed and waits to be started anew',
  quarantined: 'is quarantined',
  stopping: 'is being stopped',
  stopped: 'is stopped',
};

function sum<T extends Readonly<Record<string, number>>>(a: T, b: T): T {
  return Object.fromEntries(Object.entries(a).map(([key, value]) => [key, value + (b[key] ?? 0)])) as T;
}

/** Without a time: until the signal. Never rejects. */
async function pause(ms: number | undefined, signal: AbortSignal): Promise<void> {
  if (ms !== undefined) return sleep(ms, undefined, { signal }).catch(() => {});
  if (signal.aborted) return;
  await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }));
}

function fingerprintOf(place: PluginPlace, { options, heapMb }: PluginSettings): string {
  return createHash('sha256')
    .update(JSON.stringify([codeFingerprint(place), options, heapMb]))
    .digest('hex')
    .slice(0, 16);
}
