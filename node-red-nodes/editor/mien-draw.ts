import { look } from './shared/dialog.ts';
import { imageDefaults, prepareImageDialog } from './shared/image-dialog.ts';

RED.nodes.registerType('mien-draw', {
  ...look('mien-draw'),
  defaults: {
    ...imageDefaults,
    style: { value: 'boxes' },
  },
  inputs: 1,
  outputs: 1,
  icon: 'mien-draw.svg',
  oneditprepare() {
    prepareImageDialog();
  },
});
