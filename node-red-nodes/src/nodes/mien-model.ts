/** The host's networks: which there are, how they are laid over the NPU's cores, and what can be done to one. */
import { type Client, ClientError, type ModelStatus } from '@mien/core/client';
import { actionOf, textOf } from '../action.ts';
import { defineNode, type FlowNode, type HostedDef } from '../define-node.ts';
import { NodeFault } from '../node-fault.ts';
import type { Message, Red } from '../red.ts';
import type { Mood } from '../status-line.ts';
import { inTurn } from '../turns.ts';
import { within } from '../within.ts';

const ACTIONS = ['list', 'status', 'load', 'unload', 'swap', 'selftest'] as const;
type Action = (typeof ACTIONS)[number];

export interface ModelDef extends HostedDef {
  /** `msg.action` goes before it; so do `msg.model`, `msg.release` and `msg.precision` before these. */
  readonly action?: Action;
  /** Name of a network; the recogniser when empty. */
  readonly model?: string;
  /** For swap: a folder on the device; the present release when empty. */
  readonly release?: string;
  readonly precision?: '' | 'int8' | 'fp32';
}

/** Loading on a slow board takes a while. */
const WORK_WITHIN_MS = 120_000;
const LOOK_WITHIN_MS = 10_000;
const MOST_WAITING = 20;

export default function mienModel(red: Red): void {
  defineNode<ModelDef>(red, 'mien-model', (node) => ({
    input: inTurn(async (msg, send) => {
      const client = node.client();
      const action = actionOf(msg, ACTIONS, node.def.action ?? 'list');
      if (action !== 'list' && action !== 'status') node.show('busy', node.text('mien-model.status.busy'));
      try {
        msg.payload = await answer(node, client, action, msg);
      } catch (fault) {
        node.show('error', node.text('mien-model.status.refused'));
        throw fault;
      }
      const shown = Array.isArray(msg.payload) ? recogniserOf(msg.payload) : (msg.payload as ModelStatus);
      if (shown) node.show(moodOf(shown), lineOf(node, shown));
      send(msg);
    }, MOST_WAITING),
  }));
}

/** Errors: those of the host, as MODEL_NOT_FOUND, SELFTEST_FAILED; INPUT_INVALID. */
async function answer(node: FlowNode<ModelDef>, client: Client, action: Action, msg: Message): Promise<ModelStatus | readonly ModelStatus[]> {
  const named = textOf(msg, 'model', node.def.model);
  const list = (): Promise<readonly ModelStatus[]> => client.models(AbortSignal.any([node.signal, AbortSignal.timeout(LOOK_WITHIN_MS)]));
  if (action === 'list') return await list();
  const known = action === 'status' || named === '' ? await list() : [];
  const name = named || recogniserOf(known)?.name;
  if (name === undefined) throw new ClientError('MODEL_NOT_FOUND', 'this Mien has no recogniser: name a model in msg.model', 404);
  if (action === 'status') {
    const found = known.find((model) => model.name === name);
    if (found) return found;
    throw new ClientError('MODEL_NOT_FOUND', `there is no model "${name}"; there are ${known.map((model) => model.name).join(', ')}`, 404);
  }
  return await within(WORK_WITHIN_MS, node.signal, action === 'swap' ? client.swapModel(name, swapOf(node.def, msg)) : BY_NAME[action](client, name));
}

const BY_NAME: Record<'load' | 'unload' | 'selftest', (client: Client, name: string) => Promise<ModelStatus>> = {
  load: (client, name) => client.loadModel(name),
  unload: (client, name) => client.unloadModel(name),
  selftest: (client, name) => client.selftestModel(name),
};

function swapOf(def: ModelDef, msg: Message): { release?: string; precision?: 'int8' | 'fp32' } {
  const release = textOf(msg, 'release', def.release);
  const precision = textOf(msg, 'precision', def.precision);
  if (precision !== '' && precision !== 'int8' && precision !== 'fp32')
    throw new NodeFault('INPUT_INVALID', `msg.precision is int8 or fp32, not "${precision}"`);
  return { ...(release && { release }), ...(precision && { precision }) };
}

function recogniserOf(models: readonly ModelStatus[]): ModelStatus | undefined {
  return models.find(({ role }) => role === 'recognizer');
}

function moodOf({ state, degraded }: ModelStatus): Mood {
  if (state === 'failed') return 'error';
  if (state === 'unloaded') return 'off';
  if (degraded) return 'warning';
  return state === 'ready' ? 'ok' : 'busy';
}

function lineOf(node: FlowNode<ModelDef>, { state, npuCores, degraded }: ModelStatus): string {
  const place = npuCores.length > 0 ? `NPU ${npuCores.join(' ')}` : 'CPU';
  if (degraded && state === 'ready') return node.text('mien-model.status.degraded', { place });
  return node.text(`mien-model.status.${state}`, { place });
}
