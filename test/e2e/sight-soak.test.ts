/** Kills of sight while people are there: two here, two hundred in the soak. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { Backoff } from '../../core/src/backoff.ts';
import { createEnveloper } from '../../core/src/enveloper.ts';
import { eventName, type MienEvent } from '../../core/src/events.ts';
import { checkConfig } from '../../core/src/load-config.ts';
import { silentLogger } from '../../core/src/log.ts';
import { createPeople } from '../../core/src/people/people.ts';
import { createSightClient } from '../../core/src/sight/sight-client.ts';
import { childrenOf, isRunning, until } from '../support/processes.ts';
import { times } from '../support/soak.ts';

const kills = times(2);
const soak = suite('sight killed again and again');

soak(`${kills} kills: it comes back each time, persons stay consistent, nothing is left behind`, async () => {
  const config = checkConfig({ sight: { timeoutMs: 1000 } });
  const people = createPeople(config, createEnveloper('soak'));
  const events: MienEvent[] = [];
  const runs = new Set<string>();
  let observations = 0;
  const sight = createSightClient(config, silentLogger, { backoff: new Backoff({ firstMs: 20, capMs: 100 }) });
  const ticking = setInterval(() => events.push(...people.tick()), 100);
  await sight.start({
    observation(observation) {
      observations += 1;
      runs.add(observation.run);
      events.push(...people.observe(observation));
    },
    notice: (notice) => void events.push(...people.notice(notice)),
  });
  const dead: number[] = [];
  for (let i = 0; i < kills; i++) {
    const before = observations;
    // Each run plays the clip from its start, where the first person has been confirmed after about 25 frames.
    await until(`observations after kill ${i}`, 30_000, () => observations > before + 30 + ((i * 13) % 40));
    const pid = sight.status().pid as number;
    dead.push(pid);
    process.kill(pid, i % 5 === 1 ? 'SIGSTOP' : 'SIGKILL');
    await until(`process ${i} is gone`, 5000, () => !isRunning(pid));
  }
  const before = observations;
  await until('observations after the last kill', 30_000, () => observations > before + 5);
  assert.is(runs.size, kills + 1);
  assert.is(sight.status().restarts, kills);
  await sight[Symbol.asyncDispose]();
  clearInterval(ticking);
  assert.equal(childrenOf(process.pid), []);
  assert.equal(dead.filter(isRunning), []);

  const here = new Set<string>();
  const ever = new Set<string>();
  let appeared = 0;
  for (const event of events) {
    const name = eventName(event);
    if (!('person' in event.data)) continue;
    const { id } = event.data.person;
    if (name === 'person.appeared') {
      assert.not.ok(ever.has(id), `${id} appeared twice`);
      ever.add(id);
      here.add(id);
      appeared += 1;
    } else {
      assert.ok(here.has(id), `${name} of ${id}, who is not here`);
      if (name === 'person.left') here.delete(id);
    }
  }
  assert.ok(appeared > 0);
  console.log(`${kills} kills, ${observations} observations, ${appeared} persons appeared, ${events.length} events`);
});

soak.run();
