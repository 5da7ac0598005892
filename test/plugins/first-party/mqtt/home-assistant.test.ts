/** What Home Assistant is told, held against the keys that its own source allows (home-assistant.json has them, with the version). */
import { readFileSync } from 'node:fs';
import { personAppeared, personLeft, testPlugin } from '@mien/core/testing';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import mqttPlugin from '../../../../plugins/mqtt/index.ts';
import { Mosquitto, requireMosquitto } from '../../../support/mosquitto.ts';
import { MqttListener } from '../../../support/mqtt-listener.ts';
import { until } from '../../../support/processes.ts';
import { TemporaryFolder } from '../../../support/temporary-folder.ts';

requireMosquitto();
const patienceMs = 60_000;
const test = suite('mqtt: Home Assistant');
const allowed = JSON.parse(readFileSync(new URL('./home-assistant.json', import.meta.url), 'utf8')) as {
  topic: string;
  root: { required: string[]; keys: string[] };
  device: string[];
  origin: string[];
  availability: string[];
  availabilityModes: string[];
  platforms: Record<string, { required: string[]; keys: string[] }>;
  deviceClasses: Record<string, string[]>;
  stateClasses: string[];
  entityCategories: string[];
};
interface Component extends Record<string, unknown> {
  platform: string;
  unique_id: string;
  state_topic?: string;
  event_types?: string[];
}
interface Payload extends Record<string, unknown> {
  device: Record<string, unknown>;
  origin: Record<string, unknown>;
  components: Record<string, Component>;
}

const within = (what: string, keys: object, list: readonly string[]): void => {
  for (const key of Object.keys(keys)) assert.ok(list.includes(key), `${what}: Home Assistant knows no ${key}`);
};
const has = (what: string, keys: object, list: readonly string[]): void => {
  for (const key of list) assert.ok(key in keys, `${what}: Home Assistant demands ${key}`);
};

function check(topic: string, payload: Payload): void {
  assert.match(topic.slice('homeassistant/'.length), new RegExp(`^${allowed.topic}$`));
  within('discovery', payload, allowed.root.keys);
  has('discovery', payload, allowed.root.required);
  within('device', payload.device, allowed.device);
  within('origin', payload.origin, allowed.origin);
  const ids = new Set<string>();
  for (const [name, component] of Object.entries(payload.components)) {
    const platform = allowed.platforms[component.platform];
    assert.ok(platform, `${name}: ${component.platform}`);
    within(name, component, platform?.keys ?? []);
    has(name, component, platform?.required ?? []);
    ids.add(component.unique_id);
    for (const one of [(component['availability'] ?? []) as object[], payload['availability'] as object[]].flat()) within(name, one, allowed.availability);
    const mode = component['availability_mode'];
    assert.ok(mode === undefined || allowed.availabilityModes.includes(String(mode)));
    const deviceClass = component['device_class'];
    assert.ok(deviceClass === undefined || allowed.deviceClasses[component.platform]?.includes(String(deviceClass)), `${name}: ${deviceClass}`);
    const stateClass = component['state_class'];
    assert.ok(stateClass === undefined || allowed.stateClasses.includes(String(stateClass)));
    const category = component['entity_category'];
    assert.ok(category === undefined || allowed.entityCategories.includes(String(category)));
    // sensor.py: options only with the class enum, and without unit and state class.
    if (component['options'] !== undefined) assert.equal([deviceClass, stateClass, component['unit_of_measurement']], ['enum', undefined, undefined]);
  }
  assert.is(ids.size, Object.keys(payload.components).length, 'unique ids are unique');
}

async function told(broker: Mosquitto, options: object, grant?: readonly string[], people?: object) {
  await using listener = await MqttListener.open(broker.url, ['homeassistant/#', 'mien/#']);
  await using bench = await testPlugin(mqttPlugin, {
    config: { device: 'foyer' },
    options: { url: broker.url, homeAssistant: { discovery: true }, ...options } as never,
    ...(grant && { grant: grant as never }),
  });
  if (people) await bench.play(people);
  else await bench.emit(personAppeared({ camera: 'hall' }), personLeft({ camera: 'hall' }));
  const topic = 'homeassistant/device/mien-foyer/config';
  const camera = people ? 'simulated' : 'hall';
  await until('the camera is in the discovery', patienceMs, () => Boolean(listener.last(topic)?.includes(`${camera}_people`)));
  await until('nobody is left', patienceMs, () => listener.last(`mien/foyer/${camera}/state/people`) === '0');
  return { topic, payload: JSON.parse(listener.last(topic) ?? '') as Payload, heard: [...listener.heard] };
}

test('every key is one that Home Assistant knows; entities follow grants; each has a state that fits it', async () => {
  using folder = new TemporaryFolder();
  await using broker = await Mosquitto.open(folder.path);
  const people = { people: [{ id: 'eva', age: 38, leaveS: 12, expression: [{ atS: 4, label: 'positive' }] }] };
  const { topic, payload, heard } = await told(broker, { commands: { allow: ['speech.say'] } }, undefined, people);
  check(topic, payload);
  const names = Object.keys(payload.components).filter((name) => name.startsWith('simulated_') || name.startsWith('command_'));
  assert.equal(names.sort(), [
    'command_speech_say',
    ...['age', 'camera', 'expression', 'moment', 'occupied', 'people', 'watchers'].map((name) => `simulated_${name}`),
  ]);
  const values = (component: Component | undefined) => heard.filter(({ topic }) => topic === component?.state_topic).map(({ text }) => text);
  const { simulated_people, simulated_occupied, simulated_moment, simulated_expression, simulated_age, simulated_watchers, simulated_camera } =
    payload.components;
  assert.equal([...new Set(values(simulated_people))], ['0', '1']);
  assert.equal([...new Set(values(simulated_occupied))], ['OFF', 'ON']);
  assert.equal([...new Set(values(simulated_watchers))], ['0', '1']);
  assert.equal(values(simulated_camera), ['online']);
  assert.ok(values(simulated_age).length > 0 && values(simulated_age).every((band) => /^\d+(-\d+|\+)$/.test(band)), values(simulated_age).join());
  const shown = values(simulated_expression);
  assert.ok(shown.includes('positive') && shown.every((label) => [simulated_expression?.['options']].flat().includes(label)));
  const moments = values(simulated_moment).map((text) => JSON.parse(text).event_type as string);
  assert.ok(moments.length >= 3 && moments.every((moment) => simulated_moment?.event_types?.includes(moment)), moments.join());
  assert.not.ok(heard.some(({ topic, retain }) => /moment|age|expression/.test(topic) && retain));
});

test('with the grant for presence alone it tells of counts only', async () => {
  using folder = new TemporaryFolder();
  await using broker = await Mosquitto.open(folder.path);
  const { topic, payload } = await told(broker, {}, ['person.presence']);
  check(topic, payload);
  assert.equal(Object.keys(payload.components).sort(), ['hall_moment', 'hall_occupied', 'hall_people']);
  assert.equal(payload.components['hall_moment']?.event_types, ['appeared', 'left']);
});

test('turned off, or under another prefix, the device is taken out of Home Assistant', async () => {
  using folder = new TemporaryFolder();
  await using broker = await Mosquitto.open(folder.path);
  using store = new TemporaryFolder();
  const run = async (homeAssistant: object, topic: string) => {
    await using bench = await testPlugin(mqttPlugin, {
      config: { device: 'foyer' },
      options: { url: broker.url, homeAssistant } as never,
      storeFolder: store.path,
    });
    await using listener = await MqttListener.open(broker.url, '+/device/#');
    await until(`told on ${topic}`, patienceMs, () => topic === '' || Boolean(listener.last(topic)));
    await until('connected', patienceMs, async () => ((await bench.command('mqtt.status')) as { connected: boolean }).connected);
    await until('what was there before is gone', patienceMs, async () => {
      await using late = await MqttListener.open(broker.url, ['+/device/#', 'mien/foyer/available']);
      await until('the broker tells what it keeps', patienceMs, () => late.last('mien/foyer/available') !== undefined);
      const kept = late.heard.filter(({ topic }) => topic.includes('/device/')).map(({ topic }) => topic);
      return JSON.stringify(kept) === JSON.stringify(topic === '' ? [] : [topic]);
    });
  };
  await run({ discovery: true }, 'homeassistant/device/mien-foyer/config');
  await run({ discovery: true, prefix: 'ha' }, 'ha/device/mien-foyer/config');
  await run({ discovery: false }, '');
});

test.run();
