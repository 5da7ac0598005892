/** An image in, its faces out: age, gender and expression of each, as the host reads them. */
import type { ImageDef } from '../image-dialog.ts';
import { defineImageNode } from '../image-node.ts';
import type { Red } from '../red.ts';

export interface AnalyzeDef extends ImageDef {
  /** Withhold what events would: too small, turned away, unsure, and gender and expression of who may be a minor. True unless said otherwise. */
  readonly asPerson?: boolean;
  /** The image is one aligned face: none is looked for. */
  readonly crop?: boolean;
}

export default function mienAnalyze(red: Red): void {
  defineImageNode<AnalyzeDef>(red, 'mien-analyze', ({ def: { asPerson = true, crop = false } }) => {
    return async ({ client, image, msg, signal, dropped }) => {
      const { faces, ...analysis } = await client.analyze(image, { asPerson, crop }, signal);
      msg['analysis'] = { ...analysis, dropped: dropped() };
      return { result: faces, count: faces.length };
    };
  });
}
