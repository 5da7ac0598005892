import sharp from 'sharp';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { checkConfig } from '../../../core/src/load-config.ts';
import { silentLogger } from '../../../core/src/log.ts';
import { openLocalSight } from '../../../core/src/sight/local-sight.ts';

const stills = suite('stills');

stills('pictures are taken one after the other, so that only one is held decoded; who gave up is left out', async () => {
  const picture = (side: number) =>
    sharp({ create: { width: side, height: side, channels: 3, background: '#789' } })
      .jpeg()
      .toBuffer();
  const [large, small] = await Promise.all([picture(3000), picture(64)]);
  const sight = await openLocalSight(checkConfig({}), silentLogger);
  try {
    const order: string[] = [];
    const gone = new AbortController();
    const note = (name: string) => () => void order.push(name);
    const all = [
      sight.analyze(large, {}).then(note('large')),
      sight.analyze(large, {}, gone.signal).then(note('left'), note('gone')),
      sight.analyze(Buffer.from('no picture'), {}).then(note('read'), note('refused')),
      sight.analyze(small, {}).then(note('small')),
    ];
    gone.abort();
    await Promise.all(all);
    assert.equal(order, ['large', 'gone', 'refused', 'small']);
  } finally {
    await sight.models[Symbol.asyncDispose]();
  }
});

stills.run();
