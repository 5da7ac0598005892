/** Every topic through a visit, each message field by field, for both ROS; with roslib as it comes from npm as the robot's side. */
import { createHash } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { Grant, Person } from '../../../../core/src/events.ts';
import { type FieldType, type MessageType, messageTypes } from '../../../../plugins/ros-bridge/hri-msgs.ts';
import { contentsOf, faceId, personId } from '../../../../plugins/ros-bridge/messages.ts';
import { fakePerson, known } from '../../../support/fake-people.ts';
import { openHost, patienceMs, TemporaryFolder } from '../../../support/plugin-host.ts';
import { until } from '../../../support/processes.ts';
import { listenAsRobot } from '../../../support/robot-listener.ts';
import { openRosbridgeRelay, type RosbridgeRelay, type Told } from '../../../support/rosbridge-relay.ts';

const test = suite('ros-bridge: topics');
const from = fileURLToPath(new URL('../../../../plugins/ros-bridge/index.ts', import.meta.url));
const everything: Grant[] = ['person.presence', 'person.position', 'person.quality', 'person.age', 'person.gender', 'person.expression', 'person.attention'];

const isInteger = (value: unknown, most: number): boolean => Number.isInteger(value) && Number(value) >= 0 && Number(value) <= most;
const keysOf = (value: unknown): string => Object.keys(value as object).join();
function isHeader(value: unknown, ros: 1 | 2): boolean {
  const { stamp, frame_id, seq } = value as { stamp: Record<string, unknown>; frame_id: unknown; seq?: unknown };
  const isFramed = typeof frame_id === 'string' && frame_id !== '';
  if (ros === 1)
    return (
      isFramed &&
      keysOf(value) === 'seq,stamp,frame_id' &&
      isInteger(seq, 2 ** 32 - 1) &&
      keysOf(stamp) === 'secs,nsecs' &&
      isInteger(stamp['secs'], 2 ** 32 - 1) &&
      isInteger(stamp['nsecs'], 999_999_999)
    );
  return (
    isFramed &&
    keysOf(value) === 'stamp,frame_id' &&
    keysOf(stamp) === 'sec,nanosec' &&
    isInteger(stamp['sec'], 2 ** 31 - 1) &&
    isInteger(stamp['nanosec'], 999_999_999)
  );
}
const holds: Record<FieldType, (value: unknown, ros: 1 | 2) => boolean> = {
  Header: isHeader,
  string: (value) => typeof value === 'string',
  'string[]': (value) => Array.isArray(value) && value.every((one) => typeof one === 'string'),
  bool: (value) => typeof value === 'boolean',
  uint8: (value) => isInteger(value, 255),
  float32: (value) => typeof value === 'number' && Number.isFinite(value) && Math.abs(value) <= 3.4e38,
};
/** Fields whose value must be one of the constants of their message. */
const enumerated: Record<string, string> = { 'hri_msgs/SoftBiometrics': 'gender', 'hri_msgs/EngagementLevel': 'level', 'hri_msgs/Expression': 'expression' };

function faultsOf({ topic, type, msg }: Told, ros: 1 | 2): string[] {
  const name = ros === 1 ? type : type.replace('/msg/', '/');
  if (ros === 2 && !/^\w+\/msg\/\w+$/.test(type)) return [`${topic}: ${type} is no name of ROS 2`];
  const definition: MessageType | undefined = messageTypes[name as keyof typeof messageTypes];
  if (!definition) return [`${topic}: ${type} is not known`];
  const faults = keysOf(msg) === keysOf(definition.fields) ? [] : [`${topic}: has ${keysOf(msg)}, not ${keysOf(definition.fields)}`];
  for (const [field, kind] of Object.entries(definition.fields))
    if (!holds[kind](msg[field], ros)) faults.push(`${topic}.${field}: ${JSON.stringify(msg[field])} is no ${kind}`);
  const chosen = enumerated[name];
  if (chosen && msg[chosen] !== '' && !Object.values(definition.constants ?? {}).includes(msg[chosen] as never))
    faults.push(`${topic}.${chosen}: ${msg[chosen]} is none of its constants`);
  // Of ROS 2, which is stricter: tokens begin with a letter, no two underscores.
  if (!/^(\/[A-Za-z](_?[A-Za-z0-9])*)+$/.test(topic)) faults.push(`${topic} is no name of a topic`);
  return faults;
}
const lastOf = ({ told }: RosbridgeRelay, topic: string): Record<string, unknown> | undefined => {
  const msg = told.findLast((one) => one.topic === topic)?.msg;
  if (!msg) return undefined;
  const { header: _, ...fields } = msg;
  return fields;
};
const near = (actual: unknown, expected: Record<string, unknown>): boolean =>
  Object.entries(expected).every(([key, value]) => {
    const found = (actual as Record<string, unknown> | undefined)?.[key];
    return typeof value === 'number' ? Math.abs(Number(found) - value) < 1e-6 : JSON.stringify(found) === JSON.stringify(value);
  });

for (const ros of [2, 1] as const) {
  test(`ROS ${ros}: a visit, told on every topic, field by field, and heard by roslib`, async () => {
    using folder = new TemporaryFolder();
    await using relay = await openRosbridgeRelay();
    const options = { url: relay.url, ros, everyMs: 20, negativeAs: 'sad' };
    await using stand = await openHost({ stateFolder: folder.path, plugins: { 'ros-bridge': { from, isolation: 'host', grant: everything, options } } });
    using robot = listenAsRobot(relay.url, '/humans/persons/tracked', ros === 1 ? 'hri_msgs/IdsList' : 'hri_msgs/msg/IdsList');
    await stand.host.start();
    await until('the plugin is connected', patienceMs, () => relay.operations.some(({ op }) => op === 'set_level'));
    const shows = (topic: string, fields: Record<string, unknown>) =>
      until(`${topic} shows ${JSON.stringify(fields)}, and not ${JSON.stringify(lastOf(relay, topic))}`, patienceMs, () => {
        // Frames go on, also where nothing changes.
        stand.bus.announceObserved('main');
        return near(lastOf(relay, topic), fields);
      });
    const change = (part: Partial<Person>) => stand.people.update('p-k7f3q', part);

    stand.people.appear('p-k7f3q');
    await shows('/humans/persons/tracked', { ids: ['p_k7f3q'] });
    await shows('/humans/persons/known', { ids: ['p_k7f3q'] });
    await shows('/humans/faces/tracked', { ids: ['f_k7f3q'] });
    await shows('/humans/persons/p_k7f3q/anonymous', { data: true });
    await shows('/humans/persons/p_k7f3q/face_id', { data: 'f_k7f3q' });
    await shows('/humans/persons/p_k7f3q/location_confidence', { data: 1 });
    await shows('/humans/persons/p_k7f3q/engagement_status', { level: 1 });
    await shows('/humans/faces/f_k7f3q/roi', { xmin: 0.41, ymin: 0.22, xmax: 0.53, ymax: 0.43, c: 0.82 });
    assert.not(
      [...relay.topics.keys()].some((topic) => /softbiometrics|expression|gazing/.test(topic)),
      'nothing is said before it is known',
    );

    change({ ...known, engagement: 'engaged', attention: { state: 'attending', score: 0.9, currentMs: 2000, totalMs: 2000, glances: 0 } });
    await shows('/humans/faces/f_k7f3q/softbiometrics', { age: 34, age_confidence: 0.62, gender: 1, gender_confidence: 0.93 });
    await shows('/humans/faces/f_k7f3q/expression', { expression: 'happy', valence: 0.65, arousal: 0, confidence: 0.71 });
    await shows('/humans/persons/p_k7f3q/engagement_status', { level: 3 });
    await shows('/humans/interactions/gazing', { sender: 'p_k7f3q', receiver: '' });
    assert.equal(
      [...relay.latched].sort(),
      ['faces/tracked', 'persons/known', 'persons/p_k7f3q/anonymous', 'persons/p_k7f3q/face_id', 'persons/tracked'].map((name) => `/humans/${name}`),
    );

    const unpleasant = { label: 'negative', p: 0.8, probs: { negative: 0.8, neutral: 0.1, positive: 0.1 }, valence: -0.7, n: 12, stable: true };
    change({ expression: unpleasant, gender: { label: 'male', p: 0.9, n: 20, stable: true } });
    await shows('/humans/faces/f_k7f3q/expression', { expression: 'sad', valence: -0.7, confidence: 0.8 });
    await shows('/humans/faces/f_k7f3q/softbiometrics', { gender: 2, age: 34 });
    const withheld = { label: 'unknown', abstain: 'policy' } as const;
    change({ expression: withheld, gender: withheld });
    await shows('/humans/faces/f_k7f3q/expression', { expression: '', valence: 0, confidence: 0 });
    await shows('/humans/faces/f_k7f3q/softbiometrics', { gender: 0, gender_confidence: 0, age: 34 });

    change({ state: 'unseen' });
    await shows('/humans/persons/tracked', { ids: [] });
    await shows('/humans/persons/known', { ids: ['p_k7f3q'] });
    await shows('/humans/faces/tracked', { ids: [] });
    await shows('/humans/persons/p_k7f3q/face_id', { data: '' });
    await shows('/humans/persons/p_k7f3q/location_confidence', { data: 0 });

    stand.people.leave('p-k7f3q');
    await shows('/humans/persons/known', { ids: [] });
    await until('the topics of the person are gone', patienceMs, () => ![...relay.topics.keys()].some((topic) => topic.includes('k7f3q')));
    assert.equal(relay.faults, []);
    assert.equal(
      relay.told.flatMap((one) => faultsOf(one, ros)),
      [],
    );
    const types = new Set(relay.told.map(({ type }) => type.replace('/msg/', '/')));
    assert.equal([...types].sort(), Object.keys(messageTypes).sort(), 'every kind of message was seen');
    const ids = () => robot.heard.map(({ message }) => JSON.stringify(message['ids']));
    await until('roslib heard of it', patienceMs, () => ids().includes('["p_k7f3q"]') && ids().at(-1) === '[]');
  });
}

test('only what was granted is told: presence alone brings lists and no face', async () => {
  using folder = new TemporaryFolder();
  await using relay = await openRosbridgeRelay();
  const options = { url: relay.url, everyMs: 20 };
  await using stand = await openHost({ stateFolder: folder.path, plugins: { 'ros-bridge': { from, isolation: 'host', grant: ['person.presence'], options } } });
  await stand.host.start();
  stand.people.appear('p-k7f3q', known);
  await until('it is told', patienceMs, () => {
    stand.bus.announceObserved('main');
    return lastOf(relay, '/humans/persons/p_k7f3q/location_confidence') !== undefined;
  });
  const suffixes = [...relay.topics.keys()].map((topic) => topic.replace('/humans/', '')).sort();
  assert.equal(suffixes, [
    'faces/tracked',
    'persons/known',
    'persons/p_k7f3q/anonymous',
    'persons/p_k7f3q/face_id',
    'persons/p_k7f3q/location_confidence',
    'persons/tracked',
  ]);
});

test('fields and constants are those of ROS 1: its sum over them is the same', () => {
  const headerMd5 = '2176decaecbce78abc3b96ef049fabed';
  const summed = Object.entries<MessageType>(messageTypes).filter(([, { ros1Md5 }]) => ros1Md5 !== undefined);
  assert.is(summed.length, 6);
  for (const [name, { fields, constants = {}, ros1Md5 }] of summed) {
    const lines = [
      ...Object.entries(constants).map(([constant, value]) => (typeof value === 'string' ? `string ${constant}="${value}"` : `uint8 ${constant}=${value}`)),
      ...Object.entries(fields).map(([field, type]) => `${type === 'Header' ? headerMd5 : type} ${field}`),
    ];
    assert.is(createHash('md5').update(lines.join('\n')).digest('hex'), ros1Md5, name);
  }
});

test('names and numbers at their edges', () => {
  assert.equal([personId('p-0zz9a'), faceId('p-0zz9a')], ['p_0zz9a', 'f_0zz9a']);
  const fieldsOf = (person: Person, name: string, negativeAs = '') =>
    contentsOf(person, negativeAs).find(({ topic }) => topic.endsWith(name))?.fields as Record<string, unknown>;
  const age = { years: 34.2, sd: 5.1, p05: 26, p95: 43, band: '25-34', bandP: 0.62, minorP: 0.01, n: 18, stable: true };
  assert.is(fieldsOf(fakePerson('p-aaaaa', { age: { ...age, years: 300 } }), 'softbiometrics')['age'], 255);
  assert.is(fieldsOf(fakePerson('p-aaaaa', { age: { ...age, years: -1 } }), 'softbiometrics')['age'], 0);
  const { c: _, ...corners } = fieldsOf(fakePerson('p-aaaaa', { box: [-0.1, 0.9, 0.3, 0.3] }), 'roi');
  assert.ok(
    Object.values(corners).every((value) => Number(value) >= 0 && Number(value) <= 1),
    JSON.stringify(corners),
  );
  const expression = { label: 'negative', p: 0.8, probs: {}, valence: -0.7, n: 12, stable: true };
  assert.is(fieldsOf(fakePerson('p-aaaaa', { expression }), 'expression')['expression'], '', 'none is made up');
  assert.is(fieldsOf(fakePerson('p-aaaaa', { expression: { ...expression, label: 'surprised' } }), 'expression')['expression'], 'surprised');
  assert.is(fieldsOf(fakePerson('p-aaaaa', { expression: { ...expression, label: 'contempt' } }), 'expression')['expression'], '');
  assert.is(fieldsOf(fakePerson('p-aaaaa', { gender: { label: 'neither', p: 0.9, n: 9, stable: true } }), 'softbiometrics')['gender'], 3);
});

test.run();
