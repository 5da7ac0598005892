import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';

const walls = suite('import walls');
const root = fileURLToPath(new URL('../../', import.meta.url));

/** Files with one import each, laid out as in the repository under its own biome.json; gives the paths that Biome refuses. */
function refused(cases: ReadonlyArray<readonly [path: string, line: string]>): Set<string> {
  const folder = mkdtempSync(join(tmpdir(), 'mien-walls-'));
  try {
    copyFileSync(join(root, 'biome.json'), join(folder, 'biome.json'));
    for (const [path, line] of cases) {
      mkdirSync(join(folder, dirname(path)), { recursive: true });
      writeFileSync(join(folder, path), `${line}\nexport type Used = typeof x;\n`);
    }
    const biome = join(root, 'node_modules', '@biomejs', 'biome', 'bin', 'biome');
    const args = [biome, 'lint', '--only=style/noRestrictedImports', '--vcs-enabled=false', '--max-diagnostics=none', '--reporter=github', '.'];
    const { stdout } = spawnSync(process.execPath, args, { cwd: folder, encoding: 'utf8' });
    return new Set(cases.map(([path]) => path).filter((path) => stdout.includes(`/${path},`)));
  } finally {
    rmSync(folder, { recursive: true });
  }
}

const forbidden: ReadonlyArray<readonly [path: string, line: string]> = [
  ['core/src/people/new.ts', "import { x } from '../sight/tracker.ts';"],
  ['core/src/people/new.ts', "import type { x } from '../inference/backend.ts';"],
  ['core/src/people/new.ts', "import { x } from '@mien/native';"],
  ['core/src/sight/new.ts', "import { x } from '../people/people.ts';"],
  ['core/src/sight/new.ts', "import type { x } from '../console/server.ts';"],
  ['core/src/sight/pipeline.ts', "import { x } from '../inference/onnx-backend.ts';"],
  ['core/src/sight/geometry.ts', "import { x } from '../frame.ts';"],
  ['core/src/observation.ts', "import type { x } from './events.ts';"],
  ['core/src/errors.ts', "import { x } from './log.ts';"],
  ['core/src/quality-gate.ts', "import { x } from './sight/quality.ts';"],
  ['core/src/inference/backend.ts', "import { x } from './onnx-backend.ts';"],
  ['core/src/inference/new.ts', "import { x } from '../host/event-bus.ts';"],
  ['core/src/console/new.ts', "import { x } from '../camera/still.ts';"],
  ['core/src/simulate/new.ts', "import type { x } from '../inference/backend.ts';"],
  ['core/src/plugin-runtime/new.ts', "import { x } from '../people/people.ts';"],
  ['core/src/plugin.ts', "import { x } from '@mien/native';"],
  ['core/src/host/new.ts', "import { x } from 'onnxruntime-node';"],
  ['core/src/mien.ts', "import { x } from 'inversify';"],
  ['core/src/client.ts', "import { x } from 'node:fs';"],
  ['native/src/new.ts', "import type { x } from '@mien/core';"],
  ['node-red-nodes/src/new.ts', "import { x } from '@mien/core';"],
  ['plugins/mqtt/new.ts', "import { x } from '@mien/core';"],
  ['plugins/mqtt/new.ts', "import type { x } from '../../core/src/events.ts';"],
  ['plugins/mqtt/new.ts', "import { x } from '../speech/voice.ts';"],
  ['node-red-nodes/src/nodes/new.ts', "import type { x } from '../../../core/src/events.ts';"],
];

const allowed: typeof forbidden = [
  ['core/src/container.ts', "import { x } from 'inversify';"],
  ['core/src/people/new.ts', "import { x } from '../observation.ts';"],
  ['core/src/people/new.ts', "import { x } from '../quality-gate.ts';"],
  ['core/src/sight/new.ts', "import { x } from '../quality-gate.ts';"],
  ['core/src/quality-gate.ts', "import type { x } from './observation.ts';"],
  ['core/src/sight/pipeline.ts', "import type { x } from '../camera/frame-source.ts';"],
  ['core/src/sight/new.ts', "import { x } from '@mien/native';"],
  ['core/src/simulate/new.ts', "import { x } from '../people/people.ts';"],
  ['core/src/plugin-runtime/new.ts', "import { x } from '../plugin.ts';"],
  ['node-red-nodes/src/new.ts', "import { x } from '@mien/core/client';"],
  ['plugins/mqtt/new.ts', "import { x } from '@mien/core/plugin';"],
  ['plugins/mqtt/other.ts', "import { x } from '../shared/backoff.ts';"],
  ['plugins/mqtt/own.ts', "import { x } from './broker.ts';"],
];

for (const one of forbidden) {
  walls(`${one[0]} may not: ${one[1]}`, () => assert.is(refused([one]).size, 1));
}

walls('what the house allows passes', () => {
  assert.equal([...refused(allowed)], []);
});

walls.run();
