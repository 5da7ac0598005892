/** One run of a plugin: seat, load, check, start, until it ends; then everything of it is taken down. */
import type { PluginSettings } from '../../config.ts';
import type { ErrorCode } from '../../errors.ts';
import type { Grant } from '../../events.ts';
import type { Logger, LogLevel } from '../../log.ts';
import type { PluginDescription } from '../../plugin-messages.ts';
import { Conversation, type Faults } from './conversation.ts';
import type { PluginPlace } from './discovery.ts';
import { allAskedFor, heldGrants } from './held-grants.ts';
import type { LastGood, PluginState } from './plugin-state.ts';
import { asLine } from './process-output.ts';
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
  /** Its name. */
  readonly device: string;
}

export interface RunPlan {
  readonly name: string;
  readonly place: PluginPlace;
  readonly settings: PluginSettings;
  readonly isolation: Isolation;
  /** Everything it asks for is granted: plugins under development. */
  readonly grantAll: boolean;
  /** Why the options of the configuration are not to be used, when the last good ones are. */
  readonly insteadBecause?: string | undefined;
  /** Position in the ring where the run before ended. */
  readonly resumeFrom?: number | undefined;
}

type Stage = 'load' | 'start' | 'running' | 'stop';
export type Outcome =
  | { readonly kind: 'stopped' }
  /** `until`: what ends it. `fixed`: only a change of settings or code; `uses`: services that come; `later`: perhaps time. */
  | { readonly kind: 'blocked'; readonly reason: string; readonly until: 'fixed' | 'uses' | 'later' }
  /** `culprit`: the plugin to blame, where it is known; `stage`: how far the run had come. */
  | { readonly kind: 'crashed'; readonly reason: string; readonly culprit: string | undefined; readonly stage: Stage };

/** Ends what is awaited in a run when the run itself ends. */
class RunEnded extends Error {}

export class PluginRun {
  readonly #parts: RunParts;
  readonly #plan: RunPlan;
  readonly #talk: Conversation;
  readonly #ended = Promise.withResolvers<Outcome>();
  #seat: Seat | undefined;
  #attached: Attached | undefined;
  #stage: Stage = 'load';
  #isDown = false;
  description: PluginDescription | undefined;
  /** In use, with defaults. */
  options: unknown;
  /** Set while it runs with its last good options: why. */
  lastGoodBecause: string | undefined;
  /** How much time is left for its stop; less than its settings say when Mien itself stops. */
  stopWithinMs: number | undefined;
  /** Its process went with it, and whatever shared that. */
  tookProcess = false;

  constructor(parts: RunParts, plan: RunPlan) {
    this.#parts = parts;
    this.#plan = plan;
    this.#talk = new Conversation({
      name: plan.name,
      logger: parts.logger,
      send: (message) => this.#seat?.send(message),
      traffic: (message) => this.#attached?.receive(message),
      ended: (reason, code) => this.#told(reason, code),
    });
  }

  get seat(): Pick<Seat, 'isolation' | 'pid' | 'rssBytes'> | undefined {
    return this.#isDown ? undefined : this.#seat;
  }

  get attached(): Attached | undefined {
    return this.#attached;
  }

  /** Loads it only, and asks whether these options are good; or says why it cannot be asked. Never rejects. */
  async ask(options: unknown, signal: AbortSignal): Promise<{ readonly faults: readonly string[] } | { readonly reason: string }> {
    let faults: readonly string[] | undefined;
    const outcome = await this.#live(signal, async () => {
      await this.#load();
      faults = await this.check(options);
      this.#end({ kind: 'stopped' });
    });
    if (faults) return { faults };
    return { reason: outcome.kind === 'stopped' ? 'it was ended before it had answered' : outcome.reason };
  }

  /** From seat to end. Never rejects. `loaded` is called once its definition is known, `running` once it has started. */
  go(signal: AbortSignal, { loaded, running }: { readonly loaded: () => void; readonly running: () => void }): Promise<Outcome> {
    return this.#live(signal, async () => {
      const description = await this.#load();
      loaded();
      const denied = this.#deniedOf(description);
      if (denied) return this.#end({ kind: 'blocked', reason: denied, until: 'fixed' });
      const { order, state, logLevel, device } = this.#parts;
      const { name } = this.#plan;
      const verdict = await this.#unlessEnded(order.until(name, (one) => one !== 'wait', signal));
      if (typeof verdict === 'object') return this.#end({ kind: 'blocked', reason: verdict.reason, until: 'uses' });
      const { options, optionsVersion = description.optionsVersion } = await this.#chooseOptions();
      this.#stage = 'start';
      this.#attach(description);
      const start = { options, optionsVersion, grants: this.#grantsOf(description), device, storeFolder: state.storeFolder(name), logLevel };
      await this.#within('start', this.#talk.start(start));
      this.#stage = 'running';
      this.#attached?.ready();
      running();
    });
  }

  /** Faults of these options, written in the plugin's present shape. Rejects when the run ends first. */
  async check(options: unknown): Promise<readonly string[]> {
    return (await this.#check({ options })).faults;
  }

  /** What it runs with worked: it is remembered. */
  keepGood(): void {
    if (this.lastGoodBecause !== undefined || !this.description) return;
    const { name, settings } = this.#plan;
    this.#parts.state.setLastGood(name, { options: settings.options, optionsVersion: settings.optionsVersion ?? this.description.optionsVersion });
  }

  async #live(signal: AbortSignal, act: () => Promise<void>): Promise<Outcome> {
    if (signal.aborted) return { kind: 'stopped' };
    const cancel = (): void => this.#end({ kind: 'stopped' });
    signal.addEventListener('abort', cancel, { once: true });
    try {
      await this.#takeSeat();
      await act();
    } catch (fault) {
      if (!(fault instanceof RunEnded)) this.#end(this.#crash(`could not be run: ${fault instanceof Error ? fault.message : fault}`));
    }
    try {
      return await this.#takeDown(await this.#ended.promise);
    } finally {
      signal.removeEventListener('abort', cancel);
    }
  }

  async #takeSeat(): Promise<void> {
    const { name, place, settings, isolation } = this.#plan;
    const seat = await this.#parts.seats.open({ name, place, settings, isolation, message: (message) => this.#talk.hear(message) });
    this.#seat = seat;
    seat.gone.then(({ reason, culprit }) => {
      if (!this.#isDown) this.tookProcess = true;
      this.#talk.lost();
      const said = isolation === 'shared' && culprit !== name ? `the process that it shares ${reason}` : reason;
      this.#end({ kind: 'crashed', reason: said, culprit, stage: this.#stage });
    });
  }

  async #load(): Promise<PluginDescription> {
    const said = await this.#within('load', this.#talk.load(this.#plan.place.entry));
    const version = said.version ?? this.#plan.place.version;
    const description = { ...said, ...(version !== undefined && { version }) };
    this.description = description;
    this.#parts.order.describe(this.#plan.name, description.uses, description.provides);
    return description;
  }

  /** What reaches it. */
  #grantsOf(description: PluginDescription): readonly Grant[] {
    const { settings, grantAll } = this.#plan;
    return grantAll ? allAskedFor(description) : heldGrants(description, settings.grant);
  }

  #deniedOf({ needs }: PluginDescription): string | undefined {
    const { name, settings, grantAll } = this.#plan;
    const missing = needs.filter((grant) => !settings.grant.includes(grant));
    if (grantAll || missing.length === 0) return undefined;
    const all = [...settings.grant, ...missing].join(', ');
    return `needs ${missing.join(', ')}, which it was not granted; to grant it, write in mien.yaml: plugins: { ${name}: { grant: [${all}] } }`;
  }

  /** What stands in the configuration, or else what last worked. Where neither will do, the run ends. */
  async #chooseOptions(): Promise<LastGood> {
    const { settings, insteadBecause, name } = this.#plan;
    const written: LastGood = { options: settings.options, optionsVersion: settings.optionsVersion };
    let because = insteadBecause;
    if (because === undefined) {
      const { faults, options } = await this.#check(written);
      this.options = options;
      if (faults.length === 0) return written;
      because = `its options have ${faults.length} fault(s): ${faults.join('; ')}`;
    }
    const lastGood = this.#parts.state.lastGood(name);
    const checked = lastGood && (await this.#check(lastGood));
    if (lastGood && checked?.faults.length === 0) {
      this.options = checked.options;
      this.lastGoodBecause = `runs with its last good options, since ${because}`;
      return lastGood;
    }
    this.#end({ kind: 'blocked', reason: `${because}. Correct plugins.${name}.options in mien.yaml`, until: 'fixed' });
    throw new RunEnded();
  }

  #check({ options, optionsVersion }: LastGood): Promise<Faults> {
    return this.#within('check its options', this.#talk.check(options, optionsVersion ?? this.description?.optionsVersion ?? 1));
  }

  #attach(description: PluginDescription): void {
    const { name, resumeFrom } = this.#plan;
    this.#attached = this.#parts.traffic.attach({
      name,
      grants: this.#grantsOf(description),
      description,
      send: (message) => this.#seat?.send(message),
      sendEncoded: (line) => this.#seat?.sendEncoded(line),
      fail: (reason) => this.#end(this.#crash(reason)),
      ...(resumeFrom !== undefined && { resumeFrom }),
    });
  }

  #told(reason: string, code: ErrorCode | undefined): void {
    if (this.#stage === 'load' && code === 'PLUGIN_INVALID') this.#end({ kind: 'blocked', reason, until: 'later' });
    else this.#end(this.#crash(this.#stage === 'start' && code !== undefined ? `failed to start: ${reason}` : reason));
  }

  #crash(reason: string): Outcome {
    return { kind: 'crashed', reason, culprit: this.#plan.name, stage: this.#stage };
  }

  /** The first outcome counts. */
  #end(outcome: Outcome): void {
    this.#ended.resolve(outcome);
  }

  async #takeDown(outcome: Outcome): Promise<Outcome> {
    const { settings } = this.#plan;
    const started = this.#stage === 'running';
    this.#stage = 'stop';
    const seat = this.#seat;
    // One that has a process of its own need not be asked when it misbehaved.
    const asks = seat && this.description && !this.#talk.isOver && (outcome.kind !== 'crashed' || seat.isolation !== 'own');
    const end = asks ? await this.#askToStop(outcome) : outcome;
    if (started && end.kind === 'stopped') this.keepGood();
    this.#attached?.detach(end.kind === 'stopped' ? 'it was stopped' : end.reason);
    this.#isDown = true;
    // What failed in the midst of its work ends its own process, when it has cleaned up.
    if (seat?.isolation === 'own' && started && this.#talk.hasFailed) await within(settings.stopWithinMs, seat.gone);
    this.#talk.close();
    if (!seat || this.#talk.isOver) await seat?.leave();
    else {
      this.tookProcess = true;
      await seat.kill(end.kind === 'crashed' ? end.reason : 'was ended by the host');
    }
    return end;
  }

  async #askToStop(outcome: Outcome): Promise<Outcome> {
    const { name, settings } = this.#plan;
    const withinMs = this.stopWithinMs ?? settings.stopWithinMs;
    const faults = await within(withinMs, this.#talk.stop());
    for (const fault of faults ?? []) this.#parts.logger.warn({ name }, `while it stopped: ${asLine(fault)}`);
    if (faults || outcome.kind === 'crashed') return outcome;
    return { kind: 'crashed', reason: `did not stop within ${Math.round(withinMs)} ms`, culprit: name, stage: 'stop' };
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
