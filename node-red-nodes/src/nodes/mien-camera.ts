/** One camera: how it fares, and by choice the people before it or its pictures. */
import { actionOf } from '../action.ts';
import { type CameraDef, type CameraDialog, readCameraDialog } from '../camera-dialog.ts';
import { type CameraNews, CameraWatch } from '../camera-news.ts';
import { streamCamera, takePicture } from '../camera-stream.ts';
import { defineNode, type FlowNode } from '../define-node.ts';
import { followClient } from '../follow-client.ts';
import type { HostState } from '../host-connection.ts';
import { faultOf, NodeFault } from '../node-fault.ts';
import type { Message, Red } from '../red.ts';
import type { Mood } from '../status-line.ts';
import { newestOnly } from '../turns.ts';

const ACTIONS = ['start', 'stop', 'snapshot'] as const;
const MOODS: Record<CameraNews['event'], Mood> = { opened: 'ok', lost: 'error', restored: 'ok', ended: 'off' };
/** While a camera opens the host tells nothing by itself. */
const LOOK_AGAIN_MS = 500;
const LOOK_WITHIN_MS = 5000;

export default function mienCamera(red: Red): void {
  defineNode<CameraDef>(
    red,
    'mien-camera',
    (node) => {
      const camera = new Camera(node, readCameraDialog(node.def, node.credentials));
      camera.open();
      const taken = new WeakSet<Message>();
      const snapshot = newestOnly(async (msg, send) => {
        taken.add(msg);
        Object.assign(msg, await camera.snapshot());
        send(msg);
      });
      return {
        async input(msg, send) {
          const action = actionOf(msg, ACTIONS, 'snapshot');
          if (action === 'start') camera.start();
          else if (action === 'stop') camera.stop();
          else await snapshot(msg, send);
          // Somebody waits for an HTTP answer, which Catch can give.
          if (action === 'snapshot' && !taken.has(msg) && 'res' in msg) throw new NodeFault('BUSY', 'a newer message took the place of this one: ask again');
        },
      };
    },
    { credentials: { user: { type: 'text' }, password: { type: 'password' } } },
  );
}

class Camera {
  readonly #node: FlowNode<CameraDef>;
  readonly #dialog: CameraDialog;
  readonly #watch: CameraWatch;
  /** While it is started. */
  #running: { readonly ending: AbortController; readonly wish: Disposable | undefined } | undefined;
  #onStart = Promise.withResolvers<void>();
  #timer: NodeJS.Timeout | undefined;
  #isLooking = false;
  #isMissing = false;
  #given = 0;

  constructor(node: FlowNode<CameraDef>, dialog: CameraDialog) {
    this.#node = node;
    this.#dialog = dialog;
    this.#watch = new CameraWatch(dialog.camera);
  }

  open(): void {
    if (this.#node.def.autostart !== false) this.start();
    else this.#show('off', 'stopped');
    const following = this.#node.connection?.on((state) => this.#observe(state));
    const listener = { send: (msg: Message) => this.#give(msg), refused: (fault: unknown) => this.#refuse(fault) };
    if (this.#dialog.give !== 'states') {
      followClient(this.#node, async (client, signal) => {
        const over = aborted(signal);
        while (!signal.aborted) {
          await Promise.race([this.#onStart.promise, over]);
          if (this.#running) await streamCamera(client, this.#dialog, AbortSignal.any([signal, this.#running.ending.signal]), listener);
        }
      });
    }
    this.#node.defer(() => {
      following?.[Symbol.dispose]();
      this.#end();
    });
  }

  /** Idempotent. Errors: INPUT_INVALID, as for two cameras of one name that differ. */
  start(): void {
    const { connection } = this.#node;
    if (this.#running || !connection) return;
    const { wish } = this.#dialog;
    this.#running = { ending: new AbortController(), wish: wish && connection.requireCamera(wish) };
    this.#watch.forget();
    this.#show('busy', 'opening');
    this.#onStart.resolve();
    this.#observe(connection.state);
  }

  stop(): void {
    if (!this.#running) return;
    this.#end();
    this.#show('off', 'stopped');
    this.#node.send({
      topic: 'camera.stopped',
      payload: { name: this.#dialog.camera, state: 'stopped', message: 'stopped by a message' },
      camera: this.#dialog.camera,
    });
  }

  /** People where the node gives people, else one picture. */
  async snapshot(): Promise<Message> {
    const { camera, give } = this.#dialog;
    const client = this.#node.client();
    if (give !== 'people') return await takePicture(client, camera, this.#node.signal);
    const signal = AbortSignal.any([this.#node.signal, AbortSignal.timeout(LOOK_WITHIN_MS)]);
    return { topic: 'people', payload: await client.people(camera, signal), camera };
  }

  #end(): void {
    clearTimeout(this.#timer);
    this.#running?.ending.abort();
    this.#running?.wish?.[Symbol.dispose]();
    this.#running = undefined;
    this.#onStart = Promise.withResolvers();
  }

  #observe(state: HostState): void {
    if (!this.#running) return;
    const news = this.#watch.observe(state);
    if (news) this.#tell(news);
    const found = state.status?.sight.cameras.find(({ name }) => name === this.#dialog.camera);
    if (state.kind !== 'connected') this.#isMissing = false;
    else if (!found || found.state === 'opening') void this.#look(found === undefined);
  }

  /** At a camera that opens, or that the host does not name: virtual people have one that no status names. Never rejects. */
  async #look(isMissing: boolean): Promise<void> {
    const { signal, connection } = this.#node;
    if (this.#isLooking) return;
    this.#isLooking = true;
    clearTimeout(this.#timer);
    try {
      const limit = AbortSignal.any([signal, AbortSignal.timeout(LOOK_WITHIN_MS)]);
      const client = this.#node.client();
      if (isMissing && !this.#dialog.wish) {
        await client.people(this.#dialog.camera, limit);
        const news = this.#running && this.#watch.live();
        if (news) this.#tell(news);
      } else {
        const status = await client.status(limit);
        this.#timer = setTimeout(() => connection?.state.kind === 'connected' && this.#observe({ ...connection.state, status }), LOOK_AGAIN_MS);
      }
      this.#isMissing = false;
    } catch (fault) {
      if (faultOf(fault).code !== 'CAMERA_NOT_FOUND' || this.#isMissing) return;
      this.#isMissing = true;
      this.#show('error', 'missing');
      this.#node.fault(fault);
    } finally {
      this.#isLooking = false;
      if (signal.aborted) clearTimeout(this.#timer);
    }
  }

  #tell({ event, message, status }: CameraNews): void {
    const { camera } = this.#dialog;
    this.#show(MOODS[event], event);
    const state = { opened: 'live', restored: 'live', lost: 'lost', ended: 'ended' }[event];
    this.#node.send({ topic: `camera.${event}`, payload: { name: camera, ...status, state, message }, camera });
  }

  #give(msg: Message): void {
    this.#given += 1;
    if (this.#dialog.give === 'people') this.#show('ok', 'people', { count: (msg.payload as unknown[]).length });
    else this.#show('ok', 'pictures', { count: this.#given });
    this.#node.send(msg);
  }

  #refuse(fault: unknown): void {
    const { code } = fault as { code?: string };
    this.#show('warning', code === 'FORBIDDEN' || code === 'UNAUTHORIZED' ? 'forbidden' : 'nothing');
    this.#node.fault(fault);
  }

  #show(mood: Mood, key: string, values: Readonly<Record<string, unknown>> = {}): void {
    this.#node.show(mood, this.#node.text(`mien-camera.status.${key}`, values));
  }
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
}
