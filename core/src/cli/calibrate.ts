import type { CameraConfig } from '../config.ts';
import { createLogger } from '../create-logger.ts';
import { editConfig } from '../edit-config.ts';
import { MienError } from '../errors.ts';
import { checkConfig, readConfigFile } from '../load-config.ts';
import { createMien } from '../mien.ts';
import { createProgress } from './progress.ts';
import { untilSignalled } from './until-signalled.ts';

export interface CalibrateCommand {
  config: string;
  camera?: string;
  at: number;
  seconds: number;
}

/** Fewer looks than this, or looks further apart than this share of their median, are no measurement. */
const LEAST_SAMPLES = 20;
const MOST_SPREAD = 0.15;

/** `mien calibrate`: one person stands at a known distance; the factor goes into the configuration, whose comments stay. */
export async function calibrate(options: CalibrateCommand): Promise<void> {
  if (!(options.at > 0 && options.at <= 10)) throw new MienError('OPTION_UNKNOWN', `--at expects metres between 0 and 10, not ${options.at}`);
  if (!(options.seconds >= 1)) throw new MienError('OPTION_UNKNOWN', `--seconds expects at least 1, not ${options.seconds}`);
  const config = checkConfig(await readConfigFile(options.config), options.config);
  const index = options.camera === undefined ? 0 : config.cameras.findIndex(({ name }) => name === options.camera);
  const camera = config.cameras[index];
  if (!camera)
    throw new MienError('CAMERA_NOT_FOUND', `${options.config} has no camera "${options.camera}"; it has ${config.cameras.map(({ name }) => name).join(', ')}`);
  const { calibration: _, ...uncalibrated } = camera as CameraConfig;
  const distances = await measure({ ...config, cameras: [uncalibrated] }, options);
  const median = distances[Math.floor(distances.length / 2)] as number;
  const spread = ((distances[Math.floor(distances.length * 0.9)] as number) - (distances[Math.floor(distances.length * 0.1)] as number)) / median;
  if (spread > MOST_SPREAD) {
    throw new MienError(
      'CAMERA_LOST',
      `the face moved too much (the measured distance spread over ${(spread * 100).toFixed(0)} %, at most ${MOST_SPREAD * 100} % is a measurement); stand still at ${options.at} m and try again`,
    );
  }
  const factor = Number((options.at / median).toFixed(4));
  await editConfig(options.config, 'cameras', (document) => {
    if (document.hasIn(['cameras', index])) document.setIn(['cameras', index, 'calibration'], factor);
    else document.set('cameras', document.createNode([{ name: camera.name, source: camera.source, calibration: factor }]));
  });
  process.stdout.write(`camera ${camera.name}: calibration ${factor} from ${distances.length} looks, written to ${options.config}\n`);
}

/** Distances of the only person, metres, sorted. */
async function measure(config: Parameters<typeof createMien>[0], { at, seconds }: CalibrateCommand): Promise<number[]> {
  const stop = untilSignalled();
  const distances: number[] = [];
  let crowded = 0;
  process.stderr.write(`stand still at ${at} m, looking at the camera, for ${seconds} s\n`);
  const progress = createProgress('calibrate', Math.ceil(seconds * 10));
  try {
    await using mien = await createMien(config, { logger: createLogger({ level: 'warn', name: 'host' }), api: false, signal: stop.signal });
    const until = performance.now() + seconds * 1000;
    while (performance.now() < until && !stop.signal.aborted) {
      await new Promise((resolve) => setTimeout(resolve, 100));
      progress.step();
      const people = mien.people.current();
      if (people.length > 1) crowded += 1;
      const [person] = people;
      if (people.length === 1 && person?.distance) distances.push(person.distance.m);
    }
  } finally {
    progress.stop();
    stop[Symbol.dispose]();
  }
  if (distances.length < LEAST_SAMPLES) {
    throw new MienError(
      'CAMERA_LOST',
      `one person was seen alone in ${distances.length} of the looks, ${LEAST_SAMPLES} are needed${crowded ? ` (in ${crowded} there were several people)` : ''}; stand alone before the camera and try again`,
    );
  }
  return distances.sort((a, b) => a - b);
}
