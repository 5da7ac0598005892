/**
 * The recipes for Home Assistant: their YAML has the shape of automations, what they name is what the mqtt plugin really publishes, and their
 * templates give what is meant for real messages. No Home Assistant is run.
 */
import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { parse } from 'yaml';
import { requireMosquitto } from '../../../support/mosquitto.ts';
import { MqttListener } from '../../../support/mqtt-listener.ts';
import { patienceMs } from '../../../support/plugin-host.ts';
import { until } from '../../../support/processes.ts';
import { findProgram } from '../../../support/programs.ts';
import { codeOf } from './cookbook.ts';
import { openStand, type Stand } from './stand.ts';

requireMosquitto();
const test = suite('automation cookbook: Home Assistant');
let stand: Stand;
let listener: MqttListener;
/** Entities as Home Assistant names them, with what was discovered of each. */
const entities = new Map<string, Component>();

interface Component {
  readonly platform: string;
  readonly name: string;
  readonly state_topic?: string;
  readonly event_types?: readonly string[];
}
interface Step {
  readonly trigger?: string;
  readonly condition?: string;
  readonly action?: string;
  readonly topic?: string;
  readonly payload?: string;
  readonly value_template?: string;
  readonly data?: Readonly<Record<string, unknown>>;
}
interface Automation {
  readonly alias: string;
  readonly triggers: readonly Step[];
  readonly conditions: readonly Step[];
  readonly actions: readonly Step[];
}

const light = parse(codeOf('Light when somebody is near after sunset', 'yaml')) as Automation[];
const announce = parse(codeOf('Say something when somebody looks', 'yaml')) as Automation[];
const card = parse(codeOf('On the dashboard', 'yaml')) as { type: string; entities: ReadonlyArray<{ entity: string }> };
/** What belongs to who reads the recipe. */
const ofReader = ['light.hall', 'sun.sun', 'tts.piper', 'media_player.hall'];

/** Every MQTT entity has `has_entity_name`, so its id is made of the names of the device and its own. */
const idOf = (device: string, { platform, name }: Component): string => `${platform}.${`${device} ${name}`.toLowerCase().replaceAll(/[^a-z0-9]+/g, '_')}`;

test.before(async () => {
  stand = await openStand();
  listener = await MqttListener.open(stand.broker.url, ['homeassistant/#', 'mien/#']);
  const discovered = () => JSON.parse(listener.last('homeassistant/device/mien-kiosk/config') ?? '{"components":{}}');
  await until('the camera is discovered', patienceMs, () => 'main_people' in discovered().components);
  const { device, components } = discovered();
  for (const component of Object.values(components) as Component[]) entities.set(idOf(device.name, component), component);
});
test.after(async () => {
  await listener?.[Symbol.asyncDispose]();
  await stand?.[Symbol.asyncDispose]();
});

test('every entity that a recipe names is discovered, or its reader has it', () => {
  const text = JSON.stringify([light, announce, card]);
  const named = new Set(
    [...text.matchAll(/\b(?:light|sun|tts|media_player|sensor|binary_sensor|event)\.[a-z0-9_]+/g)]
      .map(([id]) => id)
      .filter((id) => !/^(light|tts)\.(turn_on|turn_off|speak)$/.test(id)),
  );
  assert.ok(named.size >= 9, [...named].join());
  for (const id of named) assert.ok(ofReader.includes(id) || entities.has(id), `${id} is not among ${[...entities.keys()].join(', ')}`);
  assert.is(card.type, 'entities');
});

test('automations have the shape that Home Assistant reads since 2024.10', () => {
  const known = ['alias', 'mode', 'max_exceeded', 'triggers', 'conditions', 'actions'];
  for (const automation of [...light, ...announce]) {
    assert.equal(
      Object.keys(automation).filter((key) => !known.includes(key)),
      [],
      automation.alias,
    );
    for (const { trigger } of automation.triggers) assert.ok(['mqtt', 'state'].includes(trigger ?? ''), trigger);
    for (const { condition } of automation.conditions) assert.ok(['state', 'template'].includes(condition ?? ''), condition);
    assert.ok(automation.actions.some(({ action }) => /^[a-z_]+\.[a-z_]+$/.test(action ?? '')));
  }
});

const python = findProgram(['python3', '/usr/bin/python3'], ['-c', 'import jinja2']);
if (!python) console.log("SKIPPED: templates of the cookbook for Home Assistant: Python's jinja2 is missing (apt install python3-jinja2)");
else {
  const script = fileURLToPath(new URL('./render.py', import.meta.url));
  const render = (template: string | undefined, variables: object, states: object = {}): string =>
    execFileSync(python, [script], { input: JSON.stringify({ template, variables, states }), encoding: 'utf8', timeout: 60_000 }).trim();

  test('the light: a real event of somebody who comes near is what it waits for', async () => {
    const [{ topic = '', payload, value_template } = {}] = light[0]?.triggers ?? [];
    await until('somebody is near', patienceMs, () => listener.on(topic).some(({ text }) => JSON.parse(text).data.person.zone === payload));
    const zones = new Set(
      listener.on(topic).map(({ text }) => `${render(value_template, { value_json: JSON.parse(text) })} ${JSON.parse(text).data.person.zone}`),
    );
    for (const both of zones) assert.is(both.split(' ')[0], both.split(' ')[1]);
  });

  test('the announcement: of those that look, and with their number', async () => {
    const entity = entities.get('event.mien_kiosk_main_person');
    assert.ok(entity?.event_types?.includes('looked'));
    await until('somebody looked and left', patienceMs, () =>
      ['looked', 'left'].every((word) => listener.on(entity?.state_topic ?? '').some(({ text }) => text.includes(word))),
    );
    const [{ value_template } = {}] = announce[0]?.conditions ?? [];
    for (const { text } of listener.on(entity?.state_topic ?? '')) {
      const attributes = JSON.parse(text);
      const trigger = { to_state: { state: '2026-11-24T14:01:22.674+00:00', attributes } };
      assert.is(render(value_template, { trigger }), attributes.event_type === 'looked' ? 'True' : 'False');
    }
    const message = String(announce[0]?.actions.find(({ action }) => action === 'tts.speak')?.data?.['message']);
    const people = 'sensor.mien_kiosk_main_people';
    assert.is(render(message, {}, { [people]: '1' }), 'Welcome!');
    assert.is(render(message, {}, { [people]: 'unavailable' }), 'Welcome!');
    assert.is(render(message, {}, { [people]: '3' }), 'Welcome! There are 3 of you.');
  });
}

test.run();
