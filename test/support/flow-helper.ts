/** node-red-node-test-helper over the sources of our nodes: a flow without an editor and without texts. One per process. */
import { createRequire } from 'node:module';
import type { Message, NodeDef, RawNode, Red } from '../../node-red-nodes/src/red.ts';

interface Helper {
  init(runtime: string, settings?: object): void;
  load(nodes: readonly ((red: Red) => void)[], flow: readonly object[], credentials?: object): Promise<void>;
  setFlows(flow: readonly object[], type: 'full' | 'flows' | 'nodes', credentials?: object): Promise<void>;
  unload(): Promise<void>;
  getNode(id: string): RawNode & { receive(msg: Message): void };
  startServer(): Promise<void>;
  stopServer(): Promise<void>;
  request(): { get(path: string): Promise<{ status: number; body: Record<string, unknown> }> };
}

const require = createRequire(import.meta.url);
export const helper = require('node-red-node-test-helper') as Helper;

/** A node of Node-RED itself, as `function/15-change`, which the helper does not load. */
export function ownNode(path: string): (red: Red) => void {
  return createRequire(require.resolve('node-red'))(`@node-red/nodes/core/${path}.js`) as (red: Red) => void;
}

export interface Shown {
  readonly fill?: string;
  readonly shape?: string;
  readonly text?: string;
}

export interface Flow extends AsyncDisposable {
  /** What reached the node `out`, in order. */
  readonly messages: Message[];
  /** Statuses put by each node, in order. */
  statuses(id: string): Shown[];
  /** What Catch was told: `msg.error`. */
  readonly faults: { readonly message: string; readonly code?: string; readonly source: { readonly id: string } }[];
  /** Messages that were done, by the node that was done with it. */
  readonly done: string[];
  send(id: string, msg: Message): void;
  /** A deploy of other nodes; the standing ones of `openFlow` are added. */
  deploy(nodes: readonly object[], type?: 'full' | 'flows' | 'nodes', credentials?: object): Promise<void>;
}

export interface FlowOptions {
  readonly userDir: string;
  readonly credentials?: object;
}

/** Node-RED's own bus of events, which lasts over flows: listeners that a flow leaves are its own. */
export async function openFlow(nodes: readonly ((red: Red) => void)[], flow: readonly object[], { userDir, credentials = {} }: FlowOptions): Promise<Flow> {
  helper.init(require.resolve('node-red'), { userDir, logging: { console: { level: 'off' } } });
  await helper.startServer();
  const messages: Message[] = [];
  const faults: Flow['faults'] = [];
  const done: string[] = [];
  const shown = new Map<string, Shown[]>();
  // Node-RED takes what has no place on the canvas for a config node.
  const placed = (node: object): object => ('wires' in node ? { z: 'tab', x: 1, y: 1, ...node } : node);
  const sink = (id: string): object => ({ id, type: 'test-sink', wires: [] });
  const standing = [
    { id: 'tab', type: 'tab', label: 'test' },
    sink('out'),
    sink('caught'),
    sink('shown'),
    sink('completed'),
    { id: 'catches', type: 'catch', wires: [['caught']] },
    { id: 'statuses', type: 'status', wires: [['shown']] },
    { id: 'completes', type: 'complete', scope: flow.flatMap((one) => ('wires' in one && 'id' in one ? [one.id] : [])), wires: [['completed']] },
  ];
  const whole = (more: readonly object[]): object[] => [...standing, ...more].map(placed);
  const takers: Record<string, (msg: Message) => void> = {
    out: (msg) => void messages.push(msg),
    caught: (msg) => void faults.push(msg['error'] as Flow['faults'][number]),
    completed: (msg) => void done.push((msg['complete'] as { source?: { id: string } } | undefined)?.source?.id ?? '?'),
    shown: (msg) => {
      const { source, ...status } = msg['status'] as Shown & { source: { id: string } };
      shown.set(source.id, [...(shown.get(source.id) ?? []), status]);
    },
  };
  /** Listens from the moment it is made: statuses are put before a deploy is over. */
  const sinks = (red: Red): void => {
    red.nodes.registerType('test-sink', function (this: RawNode, def: NodeDef) {
      red.nodes.createNode(this, def);
      this.on('input', (msg: Message, _send: unknown, end: () => void) => {
        takers[this.id]?.(msg);
        end();
      });
    });
  };
  await helper.load([sinks, ...nodes], whole(flow), credentials);
  return {
    messages,
    faults,
    done,
    statuses: (id) => shown.get(id) ?? [],
    send: (id, msg) => helper.getNode(id).receive(msg),
    async deploy(more, type = 'full', changed = credentials) {
      await helper.setFlows(whole(more), type, changed);
    },
    async [Symbol.asyncDispose]() {
      await helper.unload();
      await helper.stopServer();
    },
  };
}
