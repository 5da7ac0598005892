import { labelOf, labelStyle, numberWithin } from './shared/dialog.ts';
import { place, prepareImageDialog } from './shared/image-dialog.ts';

RED.nodes.registerType('mien-draw', {
  category: 'mien',
  color: '#8fb8a8',
  label: labelOf('mien-draw'),
  labelStyle,
  defaults: {
    name: { value: '' },
    host: { value: '', type: 'mien-host', required: true },
    property: { value: 'payload', validate: place },
    result: { value: 'payload', validate: place },
    folder: { value: '' },
    turns: { value: 'newest' },
    most: { value: '', validate: numberWithin(0, 1000) },
    timeoutMs: { value: '', validate: numberWithin(0, 60_000) },
    style: { value: 'boxes' },
  },
  inputs: 1,
  outputs: 1,
  icon: 'mien-draw.svg',
  oneditprepare() {
    prepareImageDialog();
  },
});
