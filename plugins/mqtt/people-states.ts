/** From events to states: how many people, whether somebody is there, how many look, what was last seen of age and expression; cameras that are away. */
import { known } from '@mien/core/plugin';
import { type Context, holds } from './grants.ts';
import { moments } from './home-assistant.ts';
import { PeopleAtCameras, type Somebody } from './people.ts';
import type { States } from './states.ts';
import { cameraOf, type Topics } from './topics.ts';

/** Between two looks at who is really there. */
const CHECK_EVERY_MS = 1000;

export interface PeopleStates {
  /** Those that were heard of. */
  readonly cameras: readonly string[];
}

/** `heardOf` is called when there is one camera more. */
export function openPeopleStates(context: Context, states: States, topics: Topics, heardOf: () => void): PeopleStates {
  const people = new PeopleAtCameras(holds(context, 'person.attention'));
  const changed = (camera: string, change: () => void): void => {
    const before = people.cameras.length;
    change();
    const { people: count, watchers } = people.at(camera);
    states.set(topics.state(camera, 'people'), String(count));
    states.set(topics.state(camera, 'occupied'), count > 0 ? 'ON' : 'OFF');
    if (watchers !== undefined) states.set(topics.state(camera, 'watchers'), String(watchers));
    if (people.cameras.length > before) heardOf();
  };
  const here = (person: Somebody & { readonly camera: string }): void => changed(person.camera, () => people.here(person.camera, person));
  const moment = (camera: string, name: keyof typeof moments): void =>
    states.tell(topics.state(camera, 'moment'), JSON.stringify({ event_type: moments[name] }));

  context.on('person.appeared', ({ person }) => {
    here(person);
    moment(person.camera, 'person.appeared');
  });
  context.on('person.updated', ({ person, settled }) => {
    here(person);
    const age = known(person.age);
    if (age && settled.includes('age')) states.tell(topics.state(person.camera, 'age'), age.band);
    const expression = known(person.expression);
    if (expression && settled.includes('expression')) states.tell(topics.state(person.camera, 'expression'), expression.label);
  });
  context.on('person.left', ({ person }) => {
    changed(person.camera, () => people.left(person.camera, person.id));
    moment(person.camera, 'person.left');
  });
  context.on('attention.started', ({ person }) => {
    here(person);
    moment(person.camera, 'attention.started');
  });
  context.on('attention.ended', ({ person }) => here(person));
  context.on('emotion.changed', ({ person, to }) => states.tell(topics.state(person.camera, 'expression'), to));
  context.onPeople((all, camera) => changed(camera, () => people.all(camera, all)), { everyMs: CHECK_EVERY_MS });

  const cameraIs = (camera: string | undefined, state: 'online' | 'offline'): void => {
    if (camera === undefined) return;
    states.set(topics.cameraAvailable(camera), state);
    changed(camera, () => people.know(camera));
  };
  context.on('camera.lost', (_, event) => cameraIs(cameraOf(event), 'offline'));
  context.on('camera.restored', (_, event) => cameraIs(cameraOf(event), 'online'));
  if (holds(context, 'device.health')) {
    context
      .service('cameras')
      .list()
      .then((cameras) => {
        for (const { name, state } of cameras) cameraIs(name, state === 'lost' || state === 'ended' ? 'offline' : 'online');
      })
      .catch((fault: unknown) => context.log.debug({ fault: String(fault) }, 'cameras are not known yet: they show with their events'));
  }
  return people;
}
