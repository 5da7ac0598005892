import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { ToSight } from '../../../core/src/sight/messages.ts';
import { PreviewRelay } from '../../../core/src/sight/preview-relay.ts';
import { rejectsWith } from '../../support/errors.ts';

const test = suite('preview relay');

test('what ended a preview in sight is told to whoever looks', async () => {
  const sent: ToSight[] = [];
  const relay = new PreviewRelay((message) => sent.push(message));
  const pictures = relay.open('main', {});
  const [{ type, id }] = sent as [Extract<ToSight, { type: 'preview.open' }>];
  assert.is(type, 'preview.open');
  relay.receive({ type: 'preview', id, jpeg: Uint8Array.of(1) });
  assert.equal((await pictures.next()).value, Uint8Array.of(1));
  const next = pictures.next();
  relay.receive({ type: 'preview.end', id, error: { code: 'IMAGE_UNREADABLE', message: 'no encoder' } });
  assert.match((await rejectsWith('IMAGE_UNREADABLE', () => next)).message, 'no encoder');
  assert.ok((await pictures.next()).done);
  relay.resume();
  assert.is(sent.length, 1, 'it is not asked for again');
});

test('an end without a fault is an end', async () => {
  const relay = new PreviewRelay(() => {});
  const pictures = relay.open('main', {});
  relay.receive({ type: 'preview.end', id: 1 });
  assert.ok((await pictures.next()).done);
});

test.run();
