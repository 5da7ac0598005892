/** The picture with its faces boxed or made unrecognisable. The host draws: no picture is decoded here. */
import type { ImageDef } from '../image-dialog.ts';
import { defineImageNode } from '../image-node.ts';
import { NodeFault } from '../node-fault.ts';
import type { Red } from '../red.ts';

const STYLES = ['boxes', 'blur', 'pixelate'] as const;
type Style = (typeof STYLES)[number];

export interface DrawDef extends ImageDef {
  /** `msg.style` goes before it. */
  readonly style?: Style;
}

export default function mienDraw(red: Red): void {
  defineImageNode<DrawDef>(red, 'mien-draw', ({ def }) => {
    const usual = styleOf(def.style ?? 'boxes', 'the style');
    let count = 0;
    return async ({ client, image, msg, signal }) => {
      const style = msg['style'] === undefined ? usual : styleOf(msg['style'], 'msg.style');
      const { buffer, byteOffset, byteLength } = await client.annotate(image, style, signal);
      count += 1;
      // A Buffer, as http response and file nodes want it.
      return { result: Buffer.from(buffer, byteOffset, byteLength), count };
    };
  });
}

/** Errors: INPUT_INVALID. */
function styleOf(given: unknown, place: string): Style {
  const style = STYLES.find((known) => known === given);
  if (style) return style;
  throw new NodeFault('INPUT_INVALID', `${place} is one of ${STYLES.join(', ')}, not ${JSON.stringify(given)?.slice(0, 60)}`);
}
