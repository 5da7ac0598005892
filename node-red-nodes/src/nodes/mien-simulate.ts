/** Virtual people at the host: a flow is built and tried before the camera arrives. Their events say that they are simulated. */
import type { Client, SimulatorStatus } from '@mien/core/client';
import { actionOf } from '../action.ts';
import { defineNode, type FlowNode, type HostedDef } from '../define-node.ts';
import type { HostState } from '../host-connection.ts';
import { faultOf } from '../node-fault.ts';
import { leave, remember, takeOver, wasStarted } from '../played.ts';
import type { Red } from '../red.ts';
import { peopleOf, personOf, readScenario, scenarioOf } from '../scenario-input.ts';
import { inTurn } from '../turns.ts';
import { within } from '../within.ts';

const ACTIONS = ['play', 'add', 'change', 'remove', 'end', 'status'] as const;
type Action = (typeof ACTIONS)[number];

export interface SimulateDef extends HostedDef {
  /** `msg.action` goes before it. */
  readonly action?: Action;
  /** YAML, played where a message brings none. */
  readonly scenario?: string;
  /** Played when the flow starts and whenever Mien does. */
  readonly onStart?: boolean;
}

const WITHIN_MS = 10_000;
const MOST_WAITING = 100;

export default function mienSimulate(red: Red): void {
  defineNode<SimulateDef>(red, 'mien-simulate', (node) => {
    const { scenario = '', onStart = false, action = 'play' } = node.def;
    const stage = new Stage(node, onStart ? readScenario(scenario) : undefined);
    stage.open();
    const work: Record<Action, (client: Client, payload: unknown) => Promise<SimulatorStatus>> = {
      play: (client, payload) => client.simulate(scenarioOf(payload, ACTIONS) ?? readScenario(scenario)),
      add: (client, payload) => client.simulate(peopleOf(payload)),
      change: (client, payload) => {
        const { id, change } = personOf(payload);
        return client.changeSimulated(id, change);
      },
      remove: (client, payload) => client.removeSimulated(personOf(payload).id),
      end: (client) => client.endSimulation(),
      status: (client) => client.simulation(node.signal),
    };
    return {
      input: inTurn(async (msg, send) => {
        const client = node.client();
        const asked = actionOf(msg, ACTIONS, action);
        const status = await within(WITHIN_MS, node.signal, work[asked](client, msg.payload));
        if (asked === 'play' || asked === 'add') stage.played();
        stage.show(status);
        msg.payload = status;
        send(msg);
      }, MOST_WAITING),
    };
  });
}

class Stage {
  readonly #node: FlowNode<SimulateDef>;
  /** Played when the flow starts. */
  readonly #first: object | undefined;
  #isActive = false;
  #isAsking = false;
  /** Start of Mien for which the first scenario was refused: the same would be again. */
  #refusedAt: string | undefined;

  constructor(node: FlowNode<SimulateDef>, first: object | undefined) {
    this.#node = node;
    this.#first = first;
  }

  open(): void {
    const { connection, id } = this.#node;
    if (!connection) return;
    takeOver(id, connection, this.#first !== undefined);
    const following = connection.on((state) => void this.#follow(state));
    this.#node.defer(() => {
      following[Symbol.dispose]();
      leave(id);
    });
  }

  played(): void {
    const { connection, id } = this.#node;
    if (connection) remember(id, connection);
  }

  show({ active, people }: SimulatorStatus): void {
    this.#isActive = active;
    if (active) this.#node.show('ok', this.#node.text('mien-simulate.status.plays', { count: people.length }));
    else this.#node.show('off', this.#node.text('mien-simulate.status.nobody'));
  }

  /** At each status of the host: begins what is to be played, and shows who is there. Never rejects. */
  async #follow({ kind, status }: HostState): Promise<void> {
    const { connection, id, signal } = this.#node;
    if (kind !== 'connected' || !status || !connection || this.#isAsking) return;
    const start = JSON.stringify([status.startedAtWallMs, this.#first]);
    const isToBegin = this.#first !== undefined && this.#refusedAt !== start && !wasStarted(id, connection, start);
    if (!isToBegin && !this.#isActive) return;
    this.#isAsking = true;
    try {
      const client = connection.client();
      const answer = isToBegin && this.#first ? await within(WITHIN_MS, signal, client.simulate(this.#first)) : await client.simulation(signal);
      if (signal.aborted) return;
      if (isToBegin) remember(id, connection, start);
      this.show(answer);
    } catch (fault) {
      // What nothing answered to is tried again at the next status.
      const { code } = faultOf(fault);
      if (!isToBegin || signal.aborted || code === 'HOST_UNAVAILABLE' || code === 'TIMEOUT') return;
      this.#refusedAt = start;
      this.#node.show('error', this.#node.text('mien-simulate.status.refused'));
      this.#node.fault(fault);
    } finally {
      this.#isAsking = false;
    }
  }
}
