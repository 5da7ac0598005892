/** Every event, for plugins that pass on what they may see. */
import type { EventName, Grant } from '@mien/core/plugin';

/** The grant without which an event never comes. */
export const grantOf = {
  'person.appeared': 'person.presence',
  'person.updated': 'person.presence',
  'person.left': 'person.presence',
  'emotion.changed': 'person.expression',
  'attention.started': 'person.attention',
  'attention.ended': 'person.attention',
  'model.selftest': 'device.health',
  'backend.degraded': 'device.health',
  'backend.recovered': 'device.health',
  'camera.lost': 'device.health',
  'camera.restored': 'device.health',
  'plugin.failed': 'device.health',
  'plugin.quarantined': 'device.health',
} as const satisfies Record<EventName, Grant>;
export const allEvents = Object.keys(grantOf) as EventName[];
