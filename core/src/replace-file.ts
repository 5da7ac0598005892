import { randomUUID } from 'node:crypto';
import { chown, mkdir, open, realpath, rename, rm, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { MienError } from './errors.ts';

/**
 * Writes a whole file in one step: who reads it meanwhile, or after the power failed, finds the former text or the new one. Folders are made,
 * mode and owner stay, a link stays a link. A new file has `mode`. Errors: OUTPUT_UNWRITABLE.
 */
export async function replaceFile(path: string, text: string, mode = 0o644): Promise<void> {
  let temporary: string | undefined;
  try {
    await mkdir(dirname(path), { recursive: true });
    const target = await realpath(path).catch(() => path);
    const former = await stat(target).catch(() => undefined);
    temporary = `${target}.${randomUUID().slice(0, 8)}.tmp`;
    const file = await open(temporary, 'wx', mode);
    try {
      await file.writeFile(text);
      if (former) await file.chmod(former.mode & 0o7777);
      await file.sync();
    } finally {
      await file.close();
    }
    // Only root may give a file away; others own what they can replace, or leave it to the group.
    if (former) await chown(temporary, former.uid, former.gid).catch(() => {});
    await rename(temporary, target);
  } catch (cause) {
    if (temporary !== undefined) await rm(temporary, { force: true }).catch(() => {});
    throw new MienError('OUTPUT_UNWRITABLE', `${path} cannot be written: ${(cause as Error).message}`, { cause });
  }
}
