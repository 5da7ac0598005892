/** Tells the vigil when a camera is lost or a network does less than it should: what is so already at the start, and what changes. */
import type { Grant, PluginContext } from '@mien/core/plugin';
import type { StopReason } from './messages.ts';

export interface SightWatchParts {
  readonly cameraLost: boolean;
  readonly sightDegraded: boolean;
  readonly miss: (what: string, reason: StopReason, words: string) => void;
  readonly found: (what: string) => void;
}

export async function watchSight<W extends Grant>(
  context: PluginContext<'person.presence' | 'device.health', W>,
  { cameraLost, sightDegraded, miss, found }: SightWatchParts,
): Promise<void> {
  /** Of which an event told something newer than the lists below. */
  const told = new Set<string>();
  const [lost, degraded] = [
    (name: string) => miss(`camera ${name}`, 'camera-lost', `the camera ${name} gives no pictures`),
    (name: string, reason: string) => miss(`network ${name}`, 'sight-degraded', `the network ${name} does less than it should: ${reason}`),
  ];
  if (cameraLost) {
    context.on('camera.lost', ({ camera: { name } }) => {
      told.add(`camera ${name}`);
      lost(name);
    });
    context.on('camera.restored', ({ camera: { name } }) => {
      told.add(`camera ${name}`);
      found(`camera ${name}`);
    });
  }
  if (sightDegraded) {
    context.on('backend.degraded', ({ model: { name }, reason }) => {
      told.add(`network ${name}`);
      degraded(name, reason);
    });
    context.on('backend.recovered', ({ model: { name } }) => {
      told.add(`network ${name}`);
      found(`network ${name}`);
    });
  }
  try {
    const [cameras, models] = await Promise.all([cameraLost ? context.service('cameras').list() : [], sightDegraded ? context.service('models').list() : []]);
    for (const { name, state } of cameras) if (state === 'lost' && !told.has(`camera ${name}`)) lost(name);
    for (const { name, degraded: isDegraded, degradedReason = '' } of models) if (isDegraded && !told.has(`network ${name}`)) degraded(name, degradedReason);
  } catch (fault) {
    if (!context.signal.aborted) context.log.warn({ reason: String(fault) }, 'Mien did not say how cameras and networks are: changes alone are watched');
  }
}
