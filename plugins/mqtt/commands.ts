/** Commands from the broker: JSON in, one answer out. Only those that are allowed by name, a few at a time; a flood costs answers, not memory. */
import { MienError } from '@mien/core/plugin';
import type { Broker, Message } from './broker.ts';
import type { Topics } from './topics.ts';

export interface CommandParts {
  readonly broker: Broker;
  readonly topics: Topics;
  readonly allow: readonly string[];
  readonly run: (command: string, input: object) => Promise<unknown>;
}

const MOST_RUNNING = 8;
const MOST_ANSWERS = 64;
const MAX_INPUT_BYTES = 64 * 1024;

type Answer = { readonly result: unknown } | { readonly error: { readonly code: string; readonly message: string } };

export class Commands {
  readonly #parts: CommandParts;
  #running = 0;
  #answering = 0;
  /** Answers that nobody took in time. */
  unanswered = 0;

  constructor(parts: CommandParts) {
    this.#parts = parts;
    // QoS 0: what was sent while this device was away is not run late.
    parts.broker.subscribe(parts.topics.command('+'), 0, (message) => void this.#take(message));
  }

  async #take(message: Message): Promise<void> {
    // Kept by the broker from some earlier day: nobody wants it now.
    if (message.retain) return;
    const name = message.topic.slice(this.#parts.topics.command('').length);
    this.#answer(message, name, await this.#run(name, message));
  }

  async #run(name: string, { payload }: Message): Promise<Answer> {
    if (this.#running >= MOST_RUNNING) return refusal('BUSY', `${MOST_RUNNING} commands are running: wait for their answers`);
    this.#running += 1;
    try {
      if (!this.#parts.allow.includes(name)) return refusal('COMMAND_UNKNOWN', `"${name}" may not be run from the broker: add it to commands.allow`);
      return { result: (await this.#parts.run(name, inputOf(payload))) ?? null };
    } catch (fault) {
      return fault instanceof MienError
        ? refusal(fault.code, fault.message)
        : refusal('COMMAND_FAILED', fault instanceof Error ? fault.message : String(fault));
    } finally {
      this.#running -= 1;
    }
  }

  #answer(message: Message, name: string, answer: Answer): void {
    if (this.#answering >= MOST_ANSWERS) {
      this.unanswered += 1;
      return;
    }
    const { responseTopic, correlationData } = message.properties ?? {};
    const { topics } = this.#parts;
    // An answer on a topic of this device's own could be taken for a command, and so on without end.
    const isFit = responseTopic !== undefined && /^[^+#]{1,1000}$/.test(responseTopic) && !responseTopic.startsWith(topics.base);
    const wanted = isFit ? responseTopic : `${topics.command(name)}/result`;
    this.#answering += 1;
    this.#parts.broker
      .publish({
        topic: wanted,
        payload: JSON.stringify(answer),
        qos: 0,
        retain: false,
        once: true,
        ...(correlationData && { properties: { correlationData } }),
      })
      .catch(() => {
        this.unanswered += 1;
      })
      .finally(() => {
        this.#answering -= 1;
      });
  }
}

function refusal(code: string, message: string): Answer {
  return { error: { code, message } };
}

/** Errors: REQUEST_INVALID. */
function inputOf(payload: Buffer): object {
  const expected = 'expected a JSON object, as {"text": "Hello"}, or nothing';
  if (payload.length > MAX_INPUT_BYTES) throw new MienError('REQUEST_INVALID', `${expected}, of at most ${MAX_INPUT_BYTES} bytes, got ${payload.length}`);
  const text = payload.toString().trim();
  if (text === '') return {};
  let input: unknown;
  try {
    input = JSON.parse(text);
  } catch (cause) {
    throw new MienError('REQUEST_INVALID', `${expected}: ${(cause as Error).message}`, { cause });
  }
  if (input === null || typeof input !== 'object' || Array.isArray(input))
    throw new MienError('REQUEST_INVALID', `${expected}, got ${JSON.stringify(input).slice(0, 80)}`);
  return input;
}
