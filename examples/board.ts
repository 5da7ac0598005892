// What a board brings along, as one module with a part for each process: its built-in camera by a name of its own, and its LED, which is lit while
// somebody is here. Try the LED among virtual people, the camera with the bundled clip in its place, from the repository's root; stop with Ctrl-C:
//   npx mien simulate --config examples/board.yaml
//   BOARD_CAMERA=clip npx mien run --config examples/board.yaml
import { existsSync, writeFileSync } from 'node:fs';
import { type CameraConfig, ContainerModule, tokens } from '@mien/core';

const led = process.env['BOARD_LED'] ?? '/sys/class/leds/user-led/brightness';
const camera = process.env['BOARD_CAMERA'] ?? '/dev/v4l/by-path/platform-csi-0-video-index0';

/** `board:front` becomes the device behind it, whose picture comes mirrored; every other camera stays as it was configured. */
function wired(wanted: CameraConfig): CameraConfig {
  return wanted.source === 'board:front' ? { ...wanted, source: camera, mirror: true } : wanted;
}

/** In the sight process: Mien's own way to cameras, asked for the right device. */
export const sight = new ContainerModule(({ onActivation }) => {
  onActivation(tokens.CAMERAS, (_, cameras) => ({
    open: (wanted, options, signal) => cameras.open(wired(wanted), options, signal),
    describe: (wanted) => `${wanted.source === 'board:front' ? 'front, ' : ''}${cameras.describe(wired(wanted))}`,
  }));
});

/** In the host process, where events are. */
export const host = new ContainerModule(({ onActivation }) => {
  onActivation(tokens.EVENT_BUS, ({ get }, bus) => {
    const log = get(tokens.LOGGER);
    const here = new Set<string>();
    const show = (isOn: boolean) => {
      if (existsSync(led)) writeFileSync(led, isOn ? '1' : '0');
      log.info({ led }, isOn ? 'the LED is on' : 'the LED is off');
    };
    bus.subscribe(
      { types: ['person.appeared', 'person.left'] },
      ({ type, subject }) => {
        const before = here.size;
        if (type === 'mien.person.left.v1') here.delete(subject);
        else here.add(subject);
        if ((before === 0) !== (here.size === 0)) show(here.size > 0);
      },
      'the LED of the board', // in the log, should it fail
    );
    return bus;
  });
});
