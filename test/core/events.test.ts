import Value from 'typebox/value';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { createEnveloper, EARLIEST_WALL_MS } from '../../core/src/enveloper.ts';
import { EventSchemas, eventName, Person } from '../../core/src/events.ts';
import { describePlace, formatEvent } from '../../core/src/events-text.ts';
import { face, smiling, woman } from '../support/observations.ts';
import { only, Stage } from '../support/stage.ts';

const events = suite('events');
const moment = { camera: 'main', subject: 'camera/main', capturedMonoMs: 12.5, capturedWallMs: Date.UTC(2026, 5, 1) };
const data = { why: { rule: 'camera.lost', heldMs: 0, thresholds: {} }, camera: { name: 'main', message: 'unplugged' } };

events('are CloudEvents 1.0', () => {
  const event = createEnveloper('kiosk-7', { bootId: 'b', monoMs: () => 99.94 }).envelope('camera.lost', moment, data);
  assert.equal(event, {
    specversion: '1.0',
    id: 'b-1',
    source: 'urn:mien:kiosk-7/main',
    type: 'mien.camera.lost.v1',
    subject: 'camera/main',
    time: '2026-06-01T00:00:00.000Z',
    datacontenttype: 'application/json',
    dataschema: 'urn:mien:schema:camera.lost:v1',
    sequence: '0000000000000001',
    data: { clock: { bootId: 'b', capturedMonoMs: 12.5, emittedMonoMs: 99.9, wallTrusted: true }, ...data },
  });
  assert.ok(Value.Check(EventSchemas['camera.lost'], event));
});

events('the sequence grows as a number and as text', () => {
  const enveloper = createEnveloper('t');
  const sequences = Array.from({ length: 1200 }, () => enveloper.envelope('camera.lost', moment, data).sequence);
  assert.equal([...sequences].sort(), sequences);
  assert.is(Number(sequences.at(-1)), 1200);
  assert.is.not(createEnveloper('t').bootId, enveloper.bootId);
});

events('a wall clock from before Mien is not trusted', () => {
  const trusted = (capturedWallMs: number, rule?: (ms: number) => boolean): boolean =>
    createEnveloper('t', rule && { wallTrusted: rule }).envelope('camera.lost', { ...moment, capturedWallMs }, data).data.clock.wallTrusted;
  assert.not(trusted(0));
  assert.not(trusted(EARLIEST_WALL_MS - 1));
  assert.ok(trusted(EARLIEST_WALL_MS));
  assert.not(trusted(EARLIEST_WALL_MS, () => false));
});

events('schemas refuse what is not theirs', () => {
  const event = createEnveloper('t').envelope('camera.lost', moment, data);
  assert.not(Value.Check(EventSchemas['camera.restored'], event));
  assert.not(Value.Check(EventSchemas['camera.lost'], { ...event, extra: 1 }));
  assert.not(Value.Check(EventSchemas['camera.lost'], { ...event, sequence: '1' }));
  assert.not(Value.Check(EventSchemas['camera.lost'], { ...event, time: 'yesterday' }));
});

events('every property of a person names the grant that shows it', () => {
  const grants = Object.entries(Person.properties).map(([name, schema]) => [name, (schema as { grant?: string }).grant] as const);
  for (const [name, grant] of grants) assert.match(grant ?? '', /^person\./, name);
  assert.is(Object.fromEntries(grants).age, 'person.age');
  for (const schema of Object.values(EventSchemas)) assert.type((schema as { grant?: string }).grant, 'string');
});

events('round-trip through JSON and read as one line each', () => {
  const stage = new Stage();
  stage.show(3000, [face(1)]);
  stage.show(3000, [face(1, { sample: smiling(woman) })]);
  stage.notice({ type: 'camera.lost', camera: 'main', message: 'unplugged' });
  stage.wait(6000);
  assert.ok(stage.events.length > 7);
  for (const event of stage.events) {
    const again = JSON.parse(JSON.stringify(event));
    assert.ok(Value.Check(EventSchemas[eventName(event)], again));
    const line = formatEvent(event);
    assert.not(line.includes('\n'));
    assert.match(line, /^\d\d:\d\d:\d\d {2}\S/);
    if ('person' in event.data) assert.ok(line.includes(event.data.person.id));
  }
  assert.match(formatEvent(only(stage.events, 'person.appeared')[0] as never), / p-\w{5} +appeared {2}near, centre/);
  assert.match(formatEvent(only(stage.events, 'emotion.changed')[0] as never), /looks positive \(was neutral\)/);
  assert.match(formatEvent(only(stage.events, 'person.left')[0] as never), /left \(camera lost\) {2}stayed 6\.\d s/);
});

events('an untrusted clock is not shown as a time of day', () => {
  const event = createEnveloper('t').envelope('camera.lost', { ...moment, capturedMonoMs: 61_000, capturedWallMs: 0 }, data);
  assert.match(formatEvent(event), /^ *\+61s {2}camera main/);
});

events('left is left of the device', () => {
  assert.is(describePlace({ zone: 'near', bearingDeg: -20 }), 'near, left');
  assert.is(describePlace({ zone: 'far', bearingDeg: 20 }), 'far, right');
});
events.run();
