/** The plugins' part of /metrics. */
import type { PluginStatus } from '../host/plugins/plugin-status.ts';
import type { Plugins } from '../host/plugins/plugins.ts';

/** Sets one value of a metric that is read anew at each scrape. */
type Set = (labels: Record<string, string>, value: number) => void;
type Add = (name: string, help: string, labelNames: string[], collect: (set: Set) => void) => void;

export function addPluginMetrics(plugins: Plugins, gauge: Add, counter: Add): void {
  const each = (read: (plugin: PluginStatus) => number | undefined) => (set: Set) => {
    for (const plugin of plugins.list()) {
      const value = plugin.state === 'available' ? undefined : read(plugin);
      if (value !== undefined) set({ plugin: plugin.name }, value);
    }
  };
  const labels = ['plugin'];
  gauge(
    'mien_plugin_up',
    '1 while the plugin runs.',
    labels,
    each(({ state }) => (state === 'running' ? 1 : 0)),
  );
  gauge(
    'mien_plugin_quarantined',
    '1 after it crashed too often.',
    labels,
    each(({ state }) => (state === 'quarantined' ? 1 : 0)),
  );
  counter(
    'mien_plugin_restarts_total',
    'Times the plugin was started anew.',
    labels,
    each(({ restarts }) => restarts),
  );
  counter(
    'mien_plugin_events_delivered_total',
    'Events handed to the plugin.',
    labels,
    each(({ events }) => events.delivered),
  );
  counter(
    'mien_plugin_events_dropped_total',
    'Events it was too slow for.',
    labels,
    each(({ events }) => events.dropped),
  );
  counter(
    'mien_plugin_faults_total',
    'Faults of its handlers.',
    labels,
    each(({ events }) => events.faults),
  );
  gauge(
    'mien_plugin_outbox_events',
    'Events on disk that wait to be sent.',
    labels,
    each(({ outbox }) => outbox?.held),
  );
  gauge(
    'mien_plugin_resident_memory_bytes',
    'Resident memory of its process.',
    labels,
    each(({ rssMb }) => (rssMb === undefined ? undefined : rssMb * 1e6)),
  );
}
