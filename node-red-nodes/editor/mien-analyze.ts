import { look } from './shared/dialog.ts';
import { imageDefaults, prepareImageDialog } from './shared/image-dialog.ts';

RED.nodes.registerType('mien-analyze', {
  ...look('mien-analyze'),
  defaults: {
    ...imageDefaults,
    asPerson: { value: true },
    crop: { value: false },
  },
  inputs: 1,
  outputs: 1,
  icon: 'mien-analyze.svg',
  oneditprepare() {
    prepareImageDialog();
  },
});
