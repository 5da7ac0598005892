/** One run of a plugin: seat, load, check, start, until it ends; then everything of it is taken down. */
import type { PluginSettings } from '../../config.ts';
import type { Grant } from '../../events.ts';
import type { Logger, LogLevel } from '../../log.ts';
import type { FromPlugin, LifeFromPlugin, PluginDescription } from '../../plugin-messages.ts';
import type { PluginPlace } from './discovery.ts';
import { isLife, isWellFormed } from './life-messages.ts';
import { LineBudget } from './line-budget.ts';
import type { LastGood, PluginState } from './plugin-state.ts';
import { LINES_PER_SECOND, shortened } from './process-output.ts';
import type { Isolation, Seat, Seats } from './seats.ts';
import type { StartOrder } from './start-order.ts';
import type { Attached, Traffic } from './traffic.ts';

export interface RunParts {
  readonly seats: Seats;
  readonly order: StartOrder;
  readonly state: PluginState;
  readonly traffic: Traffic;
  readonly logger: Logger;
  readonly logLevel: LogLevel;
}

export interface RunPlan {
  readonly name: string;
  readonly place: PluginPlace;
  readonly settings: PluginSettings;
  readonly isolation: Isolation;
  /** Everything it needs is granted: plugins under development. */
  readonly grantAll: boolean;
  /** Why the options of the configuration are not to be used, when the last good ones are. */
  readonly insteadBecause?: string | undefined;
  /** Position in the ring where the run before ended. */
  readonly resumeFrom?: number | undefined;
}

export type Outcome =
  | { readonly kind: 'stopped' }
  /** `until`: what ends it. `fixed`: only a change of settings or code; `uses`: services that come; `later`: perhaps time. */
  | { readonly kind: 'blocked'; readonly reason: string; readonly until: 'fixed' | 'uses' | 'later' }
  /** `culprit`: the plugin to blame, where it is known; `stage`: how far the run had come. */
  | { readonly kind: 'crashed'; readonly reason: string; readonly culprit: string | undefined; readonly stage: 'load' | 'start' | 'running' | 'stop' };

/** Ends what is awaited in a run when the run itself ends. */
class RunEnded extends Error {}

type Faults = Extract<LifeFromPlugin, { type: 'faults' }>;

export class PluginRun {
  readonly #parts: RunParts;
  readonly #plan: RunPlan;
  readonly #ended = Promise.withResolvers<Outcome>();
  readonly #loaded = Promise.withResolvers<PluginDescription>();
  readonly #started = Promise.withResolvers<void>();
  readonly #stopped = Promise.withResolvers<readonly string[]>();
  readonly #checks = new Map<number, (faults: Faults) => void>();
  readonly #lines: LineBudget;
  #seat: Seat | undefined;
  #attached: Attached | undefined;
  #stage: 'load' | 'start' | 'running' | 'stop' = 'load';
  #isEnded = false;
  /** The plugin has told its end, by `failed` or `stopped`: nothing of it runs any more. */
  #isOut = false;
  #hasFailed = false;
  #lastCheck = 0;
  description: PluginDescription | undefined;
  /** In use, with defaults. */
  options: unknown;
  /** Set while it runs with its last good options: why. */
  lastGoodBecause: string | undefined;

  constructor(parts: RunParts, plan: RunPlan) {
    this.#parts = parts;
    this.#plan = plan;
    this.#lines = new LineBudget(LINES_PER_SECOND, (lines) =>
      parts.logger.warn({ name: plan.name, lines }, `logged more than ${LINES_PER_SECOND} lines a second; the rest is left out`),
    );
  }

  get seat(): Pick<Seat, 'isolation' | 'pid' | 'rssBytes'> | undefined {
    return this.#isEnded ? undefined : this.#seat;
  }

  get attached(): Attached | undefined {
    return this.#attached;
  }

  /** Loads it only, and asks. Errors: as `go` would have ended, as a reason. */
  async ask(options: unknown, signal: AbortSignal): Promise<{ readonly faults: readonly string[] } | { readonly reason: string }> {
    const outcome = await this.#live(signal, async () => {
      await this.#load();
      const { faults } = await this.#check({ options, optionsVersion: undefined });
      this.#answer = faults;
      this.#end({ kind: 'stopped' });
    });
    if (this.#answer) return { faults: this.#answer };
    return { reason: outcome.kind === 'stopped' ? 'was ended before it had answered' : outcome.reason };
  }
  #answer: readonly string[] | undefined;

  /** From seat to end. Never rejects. `running` is called once it has started. */
  go(signal: AbortSignal, running: () => void): Promise<Outcome> {
    return this.#live(signal, async () => {
      const description = await this.#load();
      const denied = this.#deniedOf(description);
      if (denied) return this.#end({ kind: 'blocked', reason: denied, until: 'fixed' });
      const { order } = this.#parts;
      const { name } = this.#plan;
      const verdict = await this.#unlessEnded(order.until(name, (one) => one !== 'wait', signal));
      if (typeof verdict === 'object') return this.#end({ kind: 'blocked', reason: verdict.reason, until: 'uses' });
      const written = await this.#chooseOptions(description);
      if (!written) return;
      this.#stage = 'start';
      this.#attach(description);
      const start = { ...written, grants: description.needs, storeFolder: this.#parts.state.storeFolder(name) };
      const optionsVersion = written.optionsVersion ?? description.optionsVersion;
      this.#seat?.send({ type: 'start', start: { ...start, optionsVersion, logLevel: this.#parts.logLevel } });
      await this.#within('start', this.#started.promise);
      this.#stage = 'running';
      this.#attached?.ready();
      running();
    });
  }

  /** Answers to `check` while it runs. Errors: rejects when the run ends first. */
  async check(options: unknown): Promise<readonly string[]> {
    return (await this.#check({ options, optionsVersion: undefined })).faults;
  }

  /** How much time is left for its stop; less than its settings say when Mien itself stops. */
  stopWithinMs: number | undefined;

  async #live(signal: AbortSignal, act: () => Promise<void>): Promise<Outcome> {
    const cancel = (): void => this.#end({ kind: 'stopped' });
    signal.addEventListener('abort', cancel, { once: true });
    try {
      if (signal.aborted) return { kind: 'stopped' };
      await this.#takeSeat();
      await act();
      return await this.#takeDown(await this.#ended.promise);
    } catch (fault) {
      if (!(fault instanceof RunEnded)) this.#end(this.#crash(`could not be run: ${fault instanceof Error ? fault.message : fault}`));
      return await this.#takeDown(await this.#ended.promise);
    } finally {
      signal.removeEventListener('abort', cancel);
    }
  }

  async #takeSeat(): Promise<void> {
    const { name, place, settings, isolation } = this.#plan;
    const seat = await this.#parts.seats.open({ name, place, settings, isolation, message: (message) => this.#hear(message) });
    this.#seat = seat;
    seat.gone.then(({ reason, culprit }) => {
      this.#isOut = true;
      this.#stopped.resolve([]);
      this.#end({
        kind: 'crashed',
        reason: isolation === 'shared' && culprit !== name ? `the process that it shares ${reason}` : reason,
        culprit,
        stage: this.#stage,
      });
    });
  }

  async #load(): Promise<PluginDescription> {
    this.#seat?.send({ type: 'load', entry: this.#plan.place.entry });
    const said = await this.#within('load', this.#loaded.promise);
    const version = said.version ?? this.#plan.place.version;
    const description = { ...said, ...(version !== undefined && { version }) };
    this.description = description;
    this.#parts.order.describe(this.#plan.name, description.uses, description.provides);
    return description;
  }

  #deniedOf({ needs }: PluginDescription): string | undefined {
    const { name, settings, grantAll } = this.#plan;
    const missing = needs.filter((grant: Grant) => !settings.grant.includes(grant));
    if (grantAll || missing.length === 0) return undefined;
    const all = [...settings.grant, ...missing].join(', ');
    return `needs ${missing.join(', ')}, which it was not granted; to grant it, write in mien.yaml: plugins: { ${name}: { grant: [${all}] } }`;
  }

  /** What stands in the configuration, or else what last worked. Undefined when neither will do: the run has then ended. */
  async #chooseOptions(description: PluginDescription): Promise<LastGood | undefined> {
    const { settings, insteadBecause, name } = this.#plan;
    const written: LastGood = { options: settings.options, optionsVersion: settings.optionsVersion };
    const lastGood = this.#parts.state.lastGood(name);
    let because = insteadBecause;
    if (because === undefined) {
      const { faults, options } = await this.#check(written);
      this.options = options;
      if (faults.length === 0) return written;
      because = `its options have ${faults.length} fault(s): ${faults.join('; ')}`;
    }
    const good = lastGood && (await this.#check(lastGood));
    if (lastGood && good?.faults.length === 0) {
      this.options = good.options;
      this.lastGoodBecause = `runs with its last good options, since ${because}`;
      return { ...lastGood, optionsVersion: lastGood.optionsVersion ?? description.optionsVersion };
    }
    this.#end({ kind: 'blocked', reason: `${because}. Correct plugins.${name}.options in mien.yaml`, until: 'fixed' });
    return undefined;
  }

  async #check({ options, optionsVersion }: LastGood): Promise<Faults> {
    this.#lastCheck += 1;
    const id = this.#lastCheck;
    const answer = Promise.withResolvers<Faults>();
    this.#checks.set(id, answer.resolve);
    this.#seat?.send({ type: 'check', id, options, optionsVersion: optionsVersion ?? this.description?.optionsVersion ?? 1 });
    try {
      return await this.#within('check its options', answer.promise);
    } finally {
      this.#checks.delete(id);
    }
  }

  #attach(description: PluginDescription): void {
    const { name, resumeFrom } = this.#plan;
    this.#attached = this.#parts.traffic.attach({
      name,
      grants: description.needs,
      description,
      send: (message) => this.#seat?.send(message),
      sendEncoded: (line) => this.#seat?.sendEncoded(line),
      fail: (reason) => this.#end(this.#crash(reason)),
      ...(resumeFrom !== undefined && { resumeFrom }),
    });
  }

  #hear(message: FromPlugin): void {
    if (!isLife(message)) {
      this.#attached?.receive(message);
      return;
    }
    if (!isWellFormed(message)) {
      this.#end(this.#crash(`broke the protocol: its message "${message.type}" is not as agreed`));
      return;
    }
    switch (message.type) {
      case 'loaded':
        this.#loaded.resolve(message.description);
        break;
      case 'faults':
        this.#checks.get(message.id)?.(message);
        break;
      case 'started':
        this.#started.resolve();
        break;
      case 'failed':
        this.#failed(message.error);
        break;
      case 'stopped':
        this.#stopped.resolve(message.faults);
        if (this.#stage !== 'stop') this.#end(this.#crash('ended by itself'));
        this.#isOut = true;
        break;
      case 'log':
        if (this.#lines.allows()) this.#parts.logger[message.level]({ ...message.fields, name: this.#plan.name }, shortened(message.message));
        break;
    }
  }

  #failed(error: Extract<LifeFromPlugin, { type: 'failed' }>['error']): void {
    this.#isOut = true;
    this.#hasFailed = true;
    this.#stopped.resolve([]);
    if (this.#stage === 'load' && error.code === 'PLUGIN_INVALID') this.#end({ kind: 'blocked', reason: shortened(error.message), until: 'later' });
    else this.#end(this.#crash(`${this.#stage === 'start' ? 'failed to start: ' : ''}${shortened(error.message)}`));
    if (error.stack) this.#parts.logger.debug({ name: this.#plan.name, stack: shortened(error.stack) }, 'where it failed');
  }

  #crash(reason: string): Outcome {
    return { kind: 'crashed', reason, culprit: this.#plan.name, stage: this.#stage };
  }

  #end(outcome: Outcome): void {
    this.#ended.resolve(outcome);
  }

  async #takeDown(outcome: Outcome): Promise<Outcome> {
    const { name, settings } = this.#plan;
    const started = this.#stage === 'running';
    this.#stage = 'stop';
    let end = outcome;
    const seat = this.#seat;
    // One that has a process of its own need not be asked when it misbehaved.
    const asks = seat && !this.#isOut && this.description && (outcome.kind !== 'crashed' || seat.isolation !== 'own');
    if (asks) {
      const withinMs = this.stopWithinMs ?? settings.stopWithinMs;
      seat.send({ type: 'stop' });
      const faults = await within(withinMs, this.#stopped.promise);
      for (const fault of faults ?? []) this.#parts.logger.warn({ name }, `while it stopped: ${shortened(fault)}`);
      if (!faults && end.kind !== 'crashed') {
        end = { kind: 'crashed', reason: `did not stop within ${withinMs} ms`, culprit: name, stage: 'stop' };
      } else if (started && end.kind === 'stopped') this.#keepGood();
    }
    this.#attached?.detach(end.kind === 'stopped' ? 'it was stopped' : end.reason);
    this.#isEnded = true;
    // What failed in the midst of its work ends its own process, when it has cleaned up.
    if (started && this.#hasFailed && seat?.isolation === 'own') await within(settings.stopWithinMs, seat.gone);
    if (this.#isOut) await seat?.leave();
    else await seat?.kill(end.kind === 'crashed' ? end.reason : 'was ended by the host');
    this.#lines.close();
    return end;
  }

  /** What it runs with worked. */
  keepGood(): void {
    if (this.#stage === 'running') this.#keepGood();
  }

  #keepGood(): void {
    if (this.lastGoodBecause !== undefined || !this.description) return;
    const { name, settings } = this.#plan;
    this.#parts.state.setLastGood(name, { options: settings.options, optionsVersion: settings.optionsVersion ?? this.description.optionsVersion });
  }

  #unlessEnded<T>(promise: Promise<T>): Promise<T> {
    const ended = this.#ended.promise.then(() => {
      throw new RunEnded();
    });
    promise.catch(() => {});
    return Promise.race([promise, ended]);
  }

  /** A deadline that is missed ends the run. */
  async #within<T>(what: string, promise: Promise<T>): Promise<T> {
    const { startWithinMs } = this.#plan.settings;
    const timer = setTimeout(() => this.#end(this.#crash(`did not ${what} within ${startWithinMs} ms`)), startWithinMs);
    try {
      return await this.#unlessEnded(promise);
    } finally {
      clearTimeout(timer);
    }
  }
}

/** Undefined when the time is over. */
async function within<T>(ms: number, promise: Promise<T>): Promise<T | undefined> {
  const late = Promise.withResolvers<undefined>();
  const timer = setTimeout(late.resolve, ms, undefined);
  try {
    return await Promise.race([promise, late.promise]);
  } finally {
    clearTimeout(timer);
  }
}
