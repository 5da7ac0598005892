/** The plugins that come with Mien, as tests of all of them together use them. */
import type { Grant } from '../../core/src/events.ts';

export const firstPartyNames = ['serial-robot', 'mqtt', 'webhook', 'speech', 'dialogue', 'ros-bridge', 'kiosk-screen'] as const;
export type FirstPartyName = (typeof firstPartyNames)[number];

const aboutPeople: Grant[] = ['person.presence', 'person.position', 'person.age', 'person.gender', 'person.expression', 'person.attention'];
const aboutAll: Grant[] = [...aboutPeople, 'person.quality', 'device.health'];

/** All that each asks for. */
export const grantsOf: Readonly<Record<FirstPartyName, Grant[]>> = {
  'serial-robot': [...aboutPeople, 'device.health'],
  mqtt: aboutAll,
  webhook: aboutAll,
  speech: aboutPeople,
  dialogue: aboutPeople,
  'ros-bridge': [...aboutPeople, 'person.quality'],
  'kiosk-screen': ['person.presence', 'person.age', 'person.attention', 'person.position', 'person.expression', 'device.health'],
};

/** What a process of its own must be allowed, as their READMEs say. */
export const allowOf: Readonly<Partial<Record<FirstPartyName, object>>> = {
  'serial-robot': { addons: true, childProcess: true, read: ['/etc/alpine-release', '/etc/group', '/dev'] },
  speech: { childProcess: true },
};
