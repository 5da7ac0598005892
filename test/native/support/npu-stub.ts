import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { NpuError, openNpu } from '../../../native/src/npu.ts';

const source = fileURLToPath(new URL('npu-stub.cc', import.meta.url));
const abi = fileURLToPath(new URL('../../../native/src/addon/npu', import.meta.url));

/** What the stub lacks: `bare` every optional symbol, `no-dup` rknn_dup_context, `real` the settings, so that it passes for a real runtime. */
export type StubVariant = 'whole' | 'bare' | 'no-dup' | 'real';

const DEFINES: Record<StubVariant, string[]> = { whole: [], bare: ['-DSTUB_BARE'], 'no-dup': ['-DSTUB_NO_DUP'], real: ['-DSTUB_REAL'] };

/** Compiles a runtime that misbehaves as its settings say into `folder`; see npu-stub.cc. */
export function buildStub(folder: string, variant: StubVariant = 'whole'): string {
  const file = join(folder, `stub-${variant}.so`);
  const flags = ['-std=c++20', '-O1', '-g', '-fPIC', '-shared', '-fvisibility=hidden', `-I${abi}`, ...DEFINES[variant]];
  // A sanitizer that is preloaded for the addon is none of the compiler's business.
  const { LD_PRELOAD: _, ...env } = process.env;
  const built = spawnSync(process.env.CXX ?? 'g++', [...flags, source, '-o', file], { encoding: 'utf8', env });
  if (built.status !== 0) throw new Error(`the stub does not compile: ${built.stderr ?? built.error?.message}`);
  return file;
}

/** Tells the stub how to behave from now on; its counters begin anew. */
export function tell(library: string, knobs: Record<string, number>): void {
  openNpu({ library, simulate: knobs });
}

/** What the stub counted, in words: all zero when nothing is left behind and nothing was misused. */
export function report(library: string): string {
  try {
    openNpu({ library, simulate: { report: 1 } });
  } catch (error) {
    return (error as NpuError).log;
  }
  throw new Error('the stub has no report');
}

export const CLEAN = '0 contexts, 0 memories, 0 misused, 0 read after a failure';

/** The error of something that must fail. */
export async function faultOf(work: () => unknown): Promise<NpuError> {
  try {
    await work();
  } catch (error) {
    if (error instanceof NpuError) return error;
    throw error;
  }
  throw new Error('it did not fail');
}
