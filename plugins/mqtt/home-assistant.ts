/**
 * What Home Assistant is told, so that it finds the device by itself: one retained message with all entities (device discovery, Home Assistant
 * 2024.11). States are plain words on topics of their own, so no templates are needed.
 */
import type { Grant } from '@mien/core/plugin';
import type { Topics } from './topics.ts';

export interface Discovery {
  readonly device: string;
  readonly topics: Topics;
  readonly cameras: readonly string[];
  readonly grants: readonly Grant[];
  readonly commands: readonly string[];
}

/** Of the entity `event`, beside the words of `state/moment`. */
export const moments = { 'person.appeared': 'appeared', 'person.left': 'left', 'attention.started': 'looked' } as const;

export function discoveryTopic(prefix: string, device: string): string {
  return `${prefix}/device/mien-${device}/config`;
}

export function discoveryPayload({ device, topics, cameras, grants, commands }: Discovery): object {
  const components = Object.assign(
    {},
    ...cameras.map((camera) => cameraComponents({ device, topics, camera, grants })),
    ...commands.map((name) => button(device, topics, name)),
  );
  return {
    device: { identifiers: [`mien-${device}`], name: `Mien ${device}`, manufacturer: 'Mien' },
    origin: { name: 'Mien' },
    availability: [{ topic: topics.available }],
    components,
  };
}

interface OfCamera {
  readonly device: string;
  readonly topics: Topics;
  readonly camera: string;
  readonly grants: readonly Grant[];
}

function cameraComponents({ device, topics, camera, grants }: OfCamera): Record<string, object> {
  const has = (grant: Grant): boolean => grants.includes(grant);
  // Where the state of cameras is known, an entity is away with its camera.
  const availability = has('device.health')
    ? { availability: [{ topic: topics.available }, { topic: topics.cameraAvailable(camera) }], availability_mode: 'all' }
    : {};
  const entity = (platform: string, key: string, name: string, more: object) => ({
    [`${camera}_${key}`]: { platform, unique_id: `mien_${device}_${camera}_${key}`, name: `${camera} ${name}`, ...more },
  });
  const state = (name: string) => ({ state_topic: topics.state(camera, name), ...availability });
  const types = Object.entries(moments).filter(([event]) => event !== 'attention.started' || has('person.attention'));
  return {
    ...entity('sensor', 'people', 'people', { ...state('people'), state_class: 'measurement', icon: 'mdi:account-group' }),
    ...entity('binary_sensor', 'occupied', 'occupancy', { ...state('occupied'), device_class: 'occupancy' }),
    ...entity('event', 'moment', 'person', { ...state('moment'), event_types: types.map(([, word]) => word), icon: 'mdi:account' }),
    ...(has('person.attention') && entity('sensor', 'watchers', 'watchers', { ...state('watchers'), state_class: 'measurement', icon: 'mdi:eye' })),
    ...(has('person.age') && entity('sensor', 'age', 'last apparent age', { ...state('age'), icon: 'mdi:account-clock' })),
    ...(has('person.expression') &&
      entity('sensor', 'expression', 'last expression', {
        ...state('expression'),
        device_class: 'enum',
        options: ['negative', 'neutral', 'positive'],
        icon: 'mdi:emoticon-outline',
      })),
    ...(has('device.health') &&
      entity('binary_sensor', 'camera', 'camera', {
        state_topic: topics.cameraAvailable(camera),
        payload_on: 'online',
        payload_off: 'offline',
        device_class: 'connectivity',
        entity_category: 'diagnostic',
      })),
  };
}

function button(device: string, topics: Topics, name: string): Record<string, object> {
  const key = name.replaceAll(/[^a-z0-9]+/gi, '_');
  return {
    [`command_${key}`]: {
      platform: 'button',
      unique_id: `mien_${device}_command_${key}`,
      name,
      command_topic: topics.command(name),
      payload_press: '{}',
    },
  };
}
