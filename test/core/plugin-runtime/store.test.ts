import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { silentLogger } from '../../../core/src/log.ts';
import { FileStore, MAX_STORE_BYTES } from '../../../core/src/plugin-runtime/store.ts';
import { rejectsWith } from '../../support/errors.ts';
import { TemporaryFolder } from '../../support/temporary-folder.ts';

const test = suite('plugin store');

test('keeps what was set, over lives; nothing is on disk before', async () => {
  using folder = new TemporaryFolder();
  const path = join(folder.path, 'a', 'b');
  const store = new FileStore(path, silentLogger);
  assert.is(await store.get('visits'), undefined);
  assert.equal(await store.keys(), []);
  assert.not.ok(existsSync(path));
  await store.set('visits', { n: 1, who: ['Ada', null], when: new Date(0) });
  await store.set('__proto__', 'odd');
  await store.set('gone', 1);
  await store.delete('gone');
  await store.delete('never there');
  await store.set('visits 2', undefined);
  const later = new FileStore(path, silentLogger);
  assert.equal(await later.get('visits'), { n: 1, who: ['Ada', null], when: '1970-01-01T00:00:00.000Z' });
  assert.is(await later.get('__proto__'), 'odd');
  assert.equal((await later.keys()).toSorted(), ['__proto__', 'visits']);
  assert.equal(readdirSync(path), ['store.json'], 'nothing temporary is left');
});

test('what is given out is a copy; reading sees what was set before it, awaited or not', async () => {
  using folder = new TemporaryFolder();
  const store = new FileStore(folder.path, silentLogger);
  const value = { list: [1] };
  const setting = store.set('a', value);
  value.list.push(2);
  const got = await store.get<{ list: number[] }>('a');
  got?.list.push(3);
  assert.equal(await store.get('a'), { list: [1] });
  await setting;
});

test('bad values, too much, and a folder that cannot be written: rejected, and what was there stays', async () => {
  using folder = new TemporaryFolder();
  const store = new FileStore(join(folder.path, 'store'), silentLogger);
  await store.set('a', 'kept');
  assert.match(
    (await rejectsWith('REQUEST_INVALID', () => store.set('a', { at: new Map() }))).message,
    /store.set\("a"\): expected plain JSON data, got a Map at at/,
  );
  await rejectsWith('REQUEST_INVALID', () => store.set(5 as never, 1));
  const [fits, large] = await Promise.allSettled([store.set('b', 'ä'.repeat(400_000)), store.set('c', 'x'.repeat(300_000)), store.set('d', 'small')]);
  assert.is(fits?.status, 'fulfilled');
  assert.match(String(large?.status === 'rejected' && large.reason), /would have \d+ bytes, at most 1048576/);
  assert.equal(await store.keys(), ['a', 'b', 'd']);
  assert.ok(readFileSync(join(folder.path, 'store', 'store.json')).length <= MAX_STORE_BYTES);

  const blocked = join(folder.path, 'blocked');
  writeFileSync(blocked, 'a file where the folder should be');
  const nowhere = new FileStore(join(blocked, 'store'), silentLogger);
  assert.match((await rejectsWith('OUTPUT_UNWRITABLE', () => nowhere.set('a', 1))).message, /could not be written.*ENOTDIR/);
});

test('a file that cannot be read is moved aside and said so', async () => {
  using folder = new TemporaryFolder();
  for (const text of ['{"a": 1', '[]', '']) {
    const path = join(folder.path, `of-${text.length}`);
    mkdirSync(path);
    writeFileSync(join(path, 'store.json'), text);
    const lines: object[] = [];
    const store = new FileStore(path, { ...silentLogger, error: (fields) => lines.push(fields) });
    assert.is(await store.get('a'), undefined);
    await store.set('a', 2);
    assert.is(lines.length, 1);
    const aside = readdirSync(path).find((name) => name.startsWith('store.corrupt-'));
    assert.is(readFileSync(join(path, aside ?? ''), 'utf8'), text);
    assert.is(await new FileStore(path, silentLogger).get('a'), 2);
  }
});

test('many at once behave as one after the other (against a model)', async () => {
  const change = fc.record({ key: fc.constantFrom('a', 'b', 'c'), value: fc.option(fc.jsonValue(), { nil: undefined }), wait: fc.boolean() });
  await fc.assert(
    fc.asyncProperty(fc.array(change, { maxLength: 20 }), async (changes) => {
      using folder = new TemporaryFolder();
      const store = new FileStore(folder.path, silentLogger);
      const model = new Map<string, unknown>();
      const open: Promise<void>[] = [];
      for (const { key, value, wait } of changes) {
        if (value === undefined) model.delete(key);
        else model.set(key, JSON.parse(JSON.stringify(value)));
        open.push(value === undefined ? store.delete(key) : store.set(key, value));
        if (wait) assert.equal(await store.get(key), model.get(key));
      }
      await Promise.all(open);
      const later = new FileStore(folder.path, silentLogger);
      assert.equal((await later.keys()).toSorted(), [...model.keys()].toSorted());
      for (const [key, value] of model) assert.equal(await later.get(key), value);
    }),
    { numRuns: 40 },
  );
});

test.run();
