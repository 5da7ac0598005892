/** What host and plugin say to each other about its life, as questions with answers. Every answer may fail to come: who asks sets the deadline. */
import type { ErrorCode } from '../../errors.ts';
import type { Logger } from '../../log.ts';
import type { FromPlugin, LifeFromPlugin, LifeToPlugin, PluginDescription, PluginStart, TrafficFromPlugin } from '../../plugin-messages.ts';
import { isLife, isWellFormed } from './life-messages.ts';
import { LineBudget } from './line-budget.ts';
import { asLine, LINES_PER_SECOND, shortened } from './process-output.ts';

const MAX_FIELDS_CHARACTERS = 8192;

export type Faults = Extract<LifeFromPlugin, { type: 'faults' }>;

export interface ConversationOptions {
  readonly name: string;
  readonly logger: Logger;
  readonly send: (message: LifeToPlugin) => void;
  readonly traffic: (message: TrafficFromPlugin) => void;
  /** It told its end, or spoke as no plugin does. `code` is that of a `failed`. */
  readonly ended: (reason: string, code?: ErrorCode) => void;
}

export class Conversation {
  readonly #options: ConversationOptions;
  readonly #loaded = Promise.withResolvers<PluginDescription>();
  readonly #started = Promise.withResolvers<void>();
  readonly #stopped = Promise.withResolvers<readonly string[]>();
  readonly #checks = new Map<number, (faults: Faults) => void>();
  readonly #lines: LineBudget;
  #lastCheck = 0;
  #isStopping = false;
  #isOver = false;
  #hasFailed = false;

  constructor(options: ConversationOptions) {
    const { name, logger } = options;
    this.#options = options;
    this.#lines = new LineBudget(LINES_PER_SECOND, (lines) =>
      logger.warn({ name, lines }, `logged more than ${LINES_PER_SECOND} lines a second; the rest is left out`),
    );
  }

  /** It has told its end, by `failed` or `stopped`, or its process is gone: there is nobody to ask any more. */
  get isOver(): boolean {
    return this.#isOver;
  }

  get hasFailed(): boolean {
    return this.#hasFailed;
  }

  load(entry: string): Promise<PluginDescription> {
    this.#options.send({ type: 'load', entry });
    return this.#loaded.promise;
  }

  check(options: unknown, optionsVersion: number): Promise<Faults> {
    this.#lastCheck += 1;
    const id = this.#lastCheck;
    const answer = Promise.withResolvers<Faults>();
    this.#checks.set(id, answer.resolve);
    this.#options.send({ type: 'check', id, options, optionsVersion });
    return answer.promise;
  }

  start(start: PluginStart): Promise<void> {
    this.#options.send({ type: 'start', start });
    return this.#started.promise;
  }

  /** Resolves with the faults of its last steps. */
  stop(): Promise<readonly string[]> {
    this.#isStopping = true;
    this.#options.send({ type: 'stop' });
    return this.#stopped.promise;
  }

  /** Its process is gone. */
  lost(): void {
    this.#isOver = true;
    this.#stopped.resolve([]);
  }

  close(): void {
    this.#lines.close();
  }

  hear(message: FromPlugin): void {
    if (!isLife(message)) this.#options.traffic(message);
    else if (isWellFormed(message)) this.#life(message);
    else this.#options.ended(`broke the protocol: its message "${message.type}" is not as agreed`);
  }

  #life(message: LifeFromPlugin): void {
    const { name, logger, ended } = this.#options;
    switch (message.type) {
      case 'loaded':
        this.#loaded.resolve(message.description);
        break;
      case 'faults':
        this.#checks.get(message.id)?.(message);
        this.#checks.delete(message.id);
        break;
      case 'started':
        this.#started.resolve();
        break;
      case 'failed':
        this.#hasFailed = true;
        this.lost();
        if (message.error.stack) logger.debug({ name, stack: shortened(message.error.stack) }, 'where it failed');
        ended(shortened(message.error.message), message.error.code);
        break;
      case 'stopped':
        this.#isOver = true;
        this.#stopped.resolve(message.faults);
        if (!this.#isStopping) ended('ended by itself');
        break;
      case 'log':
        if (this.#lines.allows()) logger[message.level]({ ...logged(message.fields), name }, asLine(message.message));
        break;
    }
  }
}

/** What only the log itself says: with these a plugin could pass for another part, another time or another level. */
const LOGS_OWN = ['level', 'time', 'msg', 'pid', 'name'];

function logged(fields: object): object {
  if (JSON.stringify(fields).length > MAX_FIELDS_CHARACTERS) return { fields: 'left out: too long' };
  return Object.fromEntries(Object.entries(fields).filter(([key]) => !LOGS_OWN.includes(key)));
}
