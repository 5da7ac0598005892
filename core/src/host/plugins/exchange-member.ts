/** One plugin in the exchange: the calls it was asked and has not answered, and those it has asked. */
import { MienError } from '../../errors.ts';
import type { PluginDescription, TrafficFromPlugin } from '../../plugin-messages.ts';
import { within } from '../../step.ts';
import type { CoreCaller } from './core-services.ts';
import { TokenBucket } from './token-bucket.ts';
import type { AttachedPlugin } from './traffic.ts';
import { encodeValue, lineOf, plainError } from './wire.ts';

export interface CallLimits {
  /** How long a plugin may take to answer. */
  readonly timeoutMs: number;
  /** Calls under way: asked by one plugin, and asked of one plugin. */
  readonly underWay: number;
  readonly asksPerSecond: number;
  readonly askBurst: number;
}
export const callLimits: CallLimits = { timeoutMs: 10_000, underWay: 16, asksPerSecond: 100, askBurst: 200 };

export type MemberPlugin = Pick<AttachedPlugin, 'name' | 'grants' | 'send' | 'sendEncoded'> & { readonly description: PluginDescription };
type Result = Extract<TrafficFromPlugin, { type: 'result' }>;

export class Member implements CoreCaller {
  readonly name: string;
  readonly grants: CoreCaller['grants'];
  readonly view: CoreCaller['view'];
  readonly uses: readonly string[];
  /** It has started: it may be called. */
  ready = false;
  readonly #plugin: MemberPlugin;
  readonly #limits: CallLimits;
  readonly #bucket: TokenBucket;
  readonly #answering = new Map<number, PromiseWithResolvers<unknown>>();
  readonly #asked = new Map<number, AbortController>();
  #nextId = 1;

  constructor(plugin: MemberPlugin, view: CoreCaller['view'], limits: CallLimits) {
    this.name = plugin.name;
    this.grants = plugin.grants;
    this.uses = plugin.description.uses;
    this.view = view;
    this.#plugin = plugin;
    this.#limits = limits;
    this.#bucket = new TokenBucket(limits.asksPerSecond, limits.askBurst);
  }

  /** Calls this plugin. `json`: the call. Errors: BUSY, SERVICE_UNAVAILABLE, those of the plugin, the reason of `signal`. */
  call(json: string, what: string, signal: AbortSignal): Promise<unknown> {
    if (!this.ready) throw new MienError('SERVICE_UNAVAILABLE', `${what}: the plugin "${this.name}" is still starting; try again later`);
    const { underWay, timeoutMs } = this.#limits;
    if (this.#answering.size >= underWay) throw new MienError('BUSY', `${what}: the plugin "${this.name}" is at ${underWay} calls already; try again later`);
    const late = () => new MienError('SERVICE_UNAVAILABLE', `${what}: the plugin "${this.name}" did not answer within ${timeoutMs / 1000} s`);
    return within(timeoutMs, signal, late, async (ended) => {
      const id = this.#nextId;
      this.#nextId += 1;
      const answer = Promise.withResolvers<unknown>();
      const cancel = (): void => {
        if (this.#answering.delete(id)) this.#plugin.send({ type: 'cancel', id });
      };
      ended.addEventListener('abort', cancel, { once: true });
      this.#answering.set(id, answer);
      this.#plugin.sendEncoded(lineOf(this.name, { type: 'call', id }, 'call', json));
      return answer.promise;
    });
  }

  /** Answers to calls that were given up are let pass. False when it was never asked this: the plugin makes things up. */
  result({ id, value, error }: Result): boolean {
    if (id >= this.#nextId || id < 1) return false;
    const answer = this.#answering.get(id);
    this.#answering.delete(id);
    if (error) answer?.reject(new MienError(error.code, error.message));
    else answer?.resolve(value);
    return true;
  }

  /** It asks; `run` does. Undefined when the id is under way already: the plugin makes things up. */
  ask(id: number, what: string, run: (signal: AbortSignal) => Promise<unknown>): Promise<void> | undefined {
    if (this.#asked.has(id)) return undefined;
    const { underWay, asksPerSecond } = this.#limits;
    const refuse = async (reason: string): Promise<void> => this.#answerFault(id, new MienError('BUSY', `${what}: "${this.name}" ${reason}`));
    if (!this.#bucket.take()) return refuse(`asks more than ${asksPerSecond} times a second; ask less often`);
    if (this.#asked.size >= underWay) return refuse(`has ${underWay} calls under way already; wait for one of them`);
    const abort = new AbortController();
    this.#asked.set(id, abort);
    return this.#run(id, what, abort, run);
  }

  /** Idempotent. */
  leave(reason: string): void {
    this.ready = false;
    const gone = new MienError('SERVICE_UNAVAILABLE', `the plugin "${this.name}" is gone: ${reason}`);
    for (const answer of this.#answering.values()) answer.reject(gone);
    this.#answering.clear();
    for (const abort of this.#asked.values()) abort.abort(gone);
    this.#asked.clear();
  }

  async #run(id: number, what: string, abort: AbortController, run: (signal: AbortSignal) => Promise<unknown>): Promise<void> {
    try {
      const json = encodeValue(await run(abort.signal), `result of ${what}`);
      if (this.#asked.delete(id)) this.#plugin.sendEncoded(lineOf(this.name, { type: 'answer', id }, 'value', json));
    } catch (fault) {
      if (this.#asked.delete(id)) this.#answerFault(id, fault);
    }
  }

  #answerFault(id: number, fault: unknown): void {
    this.#plugin.send({ type: 'answer', id, error: plainError(fault) });
  }
}
