import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { chipOf, readBoard } from '../../../core/src/device/board.ts';
import { openMachineFiles } from '../../../core/src/device/machine-files.ts';
import { laptop, mainlineRocket, orangePi5, type Tree, writeTree } from '../../support/machine-trees.ts';
import { TemporaryFolder } from '../../support/temporary-folder.ts';

const test = suite('board');

async function board(tree: Tree) {
  using folder = new TemporaryFolder();
  writeTree(folder.path, tree);
  return await readBoard(openMachineFiles(folder.path));
}

test('an Orange Pi 5 is read from its device tree', async () => {
  assert.equal(await board(orangePi5), {
    model: 'Orange Pi 5',
    chip: 'rk3588',
    compatible: ['rockchip,rk3588s-orangepi-5', 'rockchip,rk3588'],
    kernel: '6.1.43-rockchip-rk3588',
    system: 'Debian GNU/Linux 12 (bookworm)',
    cores: 8,
    memory: { totalMb: 7928, availableMb: 6800 },
  });
  assert.is((await board(mainlineRocket)).chip, 'rk3588');
});

test('a laptop says what it is, and has no chip that Mien knows', async () => {
  const { model, chip, cores, compatible } = await board(laptop);
  assert.equal({ model, chip, cores, compatible }, { model: 'LENOVO 21CB000000', chip: undefined, cores: 4, compatible: [] });
});

test('a machine that tells nothing is described as such', async () => {
  assert.equal(await board({}), {
    model: 'a machine without a name',
    chip: undefined,
    compatible: [],
    kernel: 'unknown',
    system: 'unknown',
    cores: 0,
    memory: undefined,
  });
});

test('the chip by the words of the device tree', () => {
  assert.is(chipOf(['radxa,rock-5b', 'rockchip,rk3588']), 'rk3588');
  assert.is(chipOf(['rockchip,rk3566-box', 'rockchip,rk3566']), 'rk3566');
  assert.is(chipOf(['raspberrypi,5-model-b', 'brcm,bcm2712']), undefined);
});

test.run();
