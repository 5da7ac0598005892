/** What a plugin under test lives among: the real traffic, virtual people in virtual time, stand-ins for the services of other plugins. */

import type { Grant, MienEvent, Person } from '../events.ts';
import { createEventBus } from '../host/event-bus.ts';
import { type Attached, createTraffic } from '../host/plugins/traffic.ts';
import { checkConfig } from '../load-config.ts';
import { silentLogger } from '../log.ts';
import type { PluginDescription, TrafficFromPlugin, TrafficToPlugin } from '../plugin-messages.ts';
import { coreServices } from '../plugin-runtime/describe.ts';
import { runScenario } from '../simulate/run-scenario.ts';
import { checkScenario, greetingScenario } from '../simulate/scenario.ts';
import { createSimulatedSight } from '../simulate/simulated-sight.ts';

/** Events and snapshots; an answer to a call is not said to be taken. */
const isToBeTaken = /^\{"plugin":"[^"]*","type":"(event|people)"/;

export interface Line {
  send(message: TrafficToPlugin): void;
  sendEncoded(line: string): void;
}

export class PluginStage implements AsyncDisposable {
  /** `where: what`, one a handler that failed. */
  readonly faults: string[] = [];
  readonly offered = new Set<string>();
  readonly services = new Set<string>();
  /** Commands of others that it ran. */
  readonly ran = new Set<string>();
  /** Why the host would have ended it. */
  misbehaved: string | undefined;
  readonly #config = checkConfig({ cameras: [{ name: greetingScenarioCamera() }] });
  readonly #people = new Map<string, Person>();
  readonly #bus = createEventBus({ logger: silentLogger });
  readonly #sight = createSimulatedSight({ config: this.#config, scenario: checkScenario(greetingScenario) });
  readonly #traffic = createTraffic({
    bus: this.#bus,
    people: { current: () => [...this.#people.values()] },
    sight: this.#sight,
    config: this.#config,
    logger: silentLogger,
  });
  #attached: Attached | undefined;
  #uses: readonly string[] = [];
  #line: Line | undefined;
  #given = 0;
  #taken = 0;

  /** Before it is started. */
  attach(name: string, description: PluginDescription, grants: readonly Grant[], line: Line): void {
    this.#uses = description.uses;
    this.#line = line;
    this.#given = 0;
    this.#taken = 0;
    this.#attached = this.#traffic.attach({
      name,
      grants,
      description,
      send: (message) => line.send(message),
      sendEncoded: (text) => {
        if (isToBeTaken.test(text)) this.#given += 1;
        line.sendEncoded(text);
      },
      fail: (reason) => {
        this.misbehaved ??= reason;
      },
    });
  }

  detach(): void {
    this.#attached?.detach('the test is over');
    this.#attached = undefined;
  }

  receive(message: TrafficFromPlugin): void {
    if (message.type === 'fault') this.faults.push(`${message.where}: ${message.error.message}`);
    if (message.type === 'taken' || message.type === 'peopleTaken') this.#taken += 1;
    if (message.type === 'offer') {
      for (const { name } of message.commands) this.offered.add(name);
      for (const { name } of message.services) this.services.add(name);
    }
    if (message.type === 'ask' && message.call.kind === 'command') this.ran.add(message.call.name);
    const isStoodIn =
      message.type === 'ask' && message.call.kind === 'service' && !coreServices.includes(message.call.name) && this.#uses.includes(message.call.name);
    if (isStoodIn) this.#line?.send({ type: 'answer', id: message.id, value: null });
    else this.#attached?.receive(message);
  }

  /** Somebody comes, looks, smiles and leaves, at once. */
  play(): void {
    this.#attached?.ready();
    const scenario = checkScenario(greetingScenario);
    runScenario(this.#config, scenario, {
      onEvent: (event) => {
        this.#keep(event);
        this.#traffic.publish(event);
      },
    });
    this.#bus.announceObserved(scenario.camera);
  }

  /** Whether everything that was handed to it has been taken. */
  get isQuiet(): boolean {
    return this.#taken >= this.#given;
  }

  get open(): number {
    return this.#given - this.#taken;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.detach();
    this.#traffic[Symbol.dispose]();
    await this.#sight[Symbol.asyncDispose]();
  }

  #keep(event: MienEvent): void {
    if (!('person' in event.data)) return;
    const { person } = event.data;
    if (event.type === 'mien.person.left.v1') this.#people.delete(person.id);
    else this.#people.set(person.id, person);
  }
}

function greetingScenarioCamera(): string {
  return checkScenario(greetingScenario).camera;
}
