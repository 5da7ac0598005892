/** GET /metrics in the Prometheus text format. Values are read when asked for; only events are counted as they pass. */
import { Counter, Gauge, Registry } from 'prom-client';
import { eventName } from '../events.ts';
import type { Api, ApiSources } from './api.ts';
import { addNpuMetrics } from './npu-metrics.ts';
import { addPluginMetrics } from './plugin-metrics.ts';
import { type Audience, version } from './status-routes.ts';

export function addMetricsRoute(api: Api, { sight, people, bus, config, plugins, npu }: ApiSources, audience: Audience): void {
  const registry = new Registry();
  const registers = [registry];
  const gauge = (name: string, help: string, labelNames: string[], collect: (set: (labels: Record<string, string>, value: number) => void) => void): void => {
    new Gauge({
      name,
      help,
      labelNames,
      registers,
      collect() {
        this.reset();
        collect((labels, value) => this.set(labels, value));
      },
    });
  };
  /** Counted elsewhere, so set anew at each reading. */
  const counter = (name: string, help: string, labelNames: string[], collect: (set: (labels: Record<string, string>, value: number) => void) => void): void => {
    new Counter({
      name,
      help,
      labelNames,
      registers,
      collect() {
        this.reset();
        collect((labels, value) => this.inc(labels, value));
      },
    });
  };
  const perCamera =
    (read: (camera: ReturnType<typeof sight.status>['cameras'][number]) => number) => (set: (labels: Record<string, string>, value: number) => void) => {
      for (const camera of sight.status().cameras) set({ camera: camera.name }, read(camera));
    };

  gauge('mien_info', 'Version of Mien and name of the device.', ['version', 'device'], (set) => set({ version, device: config.device }, 1));
  gauge('mien_sight_up', '1 while the sight process runs.', [], (set) => set({}, sight.status().state === 'running' ? 1 : 0));
  counter('mien_sight_restarts_total', 'Times sight was started anew after it died or hung.', [], (set) => set({}, sight.status().restarts));
  gauge('mien_frame_latency_seconds', 'Time from taking a frame to its observation, over the last 300 frames.', ['quantile'], (set) => {
    const { p50, p95 } = sight.status().latencyMs;
    set({ quantile: '0.5' }, p50 / 1000);
    set({ quantile: '0.95' }, p95 / 1000);
  });
  gauge(
    'mien_camera_up',
    '1 while the camera is live.',
    ['camera'],
    perCamera(({ state }) => (state === 'live' ? 1 : 0)),
  );
  gauge(
    'mien_camera_frames_per_second',
    'Frames processed, over the last five seconds.',
    ['camera'],
    perCamera((camera) => camera.framesPerSecond),
  );
  counter(
    'mien_camera_frames_received_total',
    'Frames the camera delivered.',
    ['camera'],
    perCamera((camera) => camera.received),
  );
  counter(
    'mien_camera_frames_processed_total',
    'Frames processed.',
    ['camera'],
    perCamera((camera) => camera.processed),
  );
  counter(
    'mien_camera_frames_dropped_total',
    'Frames replaced by a newer one before they were processed.',
    ['camera'],
    perCamera((camera) => camera.dropped),
  );
  gauge('mien_people_present', 'People present now.', ['camera'], (set) => {
    const counts = new Map(config.cameras.map(({ name }) => [name, 0]));
    for (const { camera, state } of people.current()) if (state === 'present') counts.set(camera, (counts.get(camera) ?? 0) + 1);
    for (const [camera, count] of counts) set({ camera }, count);
  });
  counter('mien_listener_faults_total', 'Faults of event listeners, caught and logged.', [], (set) => set({}, bus.listenerFaults));
  gauge('mien_event_clients', 'Open events sockets.', [], (set) => set({}, audience.eventClients.clients));
  gauge('mien_preview_clients', 'Open previews of a camera.', [], (set) => set({}, audience.previewClients.clients));
  gauge('process_resident_memory_bytes', 'Resident memory of the host process.', [], (set) => set({}, process.memoryUsage.rss()));

  addPluginMetrics(plugins, gauge, counter);
  addNpuMetrics(npu, registers);

  const events = new Counter({ name: 'mien_events_total', help: 'Events emitted.', labelNames: ['type'], registers });
  const feed = bus.subscribe({}, (event) => events.inc({ type: eventName(event) }), 'metrics');
  api.addHook('onClose', () => feed[Symbol.dispose]());

  api.get('/metrics', { schema: { tags: ['device'], summary: 'Prometheus metrics' } }, async (_request, reply) => {
    return reply.type(registry.contentType).send(await registry.metrics());
  });
}
