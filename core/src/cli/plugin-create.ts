import { existsSync, readdirSync } from 'node:fs';
import { mkdir, symlink, writeFile } from 'node:fs/promises';
import { dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { MienError } from '../errors.ts';
import { findPackage, packageFolderOf, readPackageJson } from '../host/plugins/package-entry.ts';
import { templateFiles } from './plugin-template.ts';

export interface CreateCommand {
  dir?: string;
}

/** `mien plugin create <name>`: a folder with a plugin that runs, is tested and typed. Writes over nothing. */
export async function pluginCreate(name: string, { dir }: CreateCommand): Promise<void> {
  if (!/^[a-z][a-z0-9-]{0,39}$/.test(name)) {
    throw new MienError('OPTION_UNKNOWN', `expected a name of lower case letters, digits and dashes that begins with a letter, as "greeter", not "${name}"`);
  }
  const folder = resolve(dir ?? name);
  if (existsSync(folder) && (!isFolder(folder) || readdirSync(folder).length > 0)) {
    throw new MienError('OUTPUT_UNWRITABLE', `${folder} is there already and is not empty; give another name, or another folder with --dir`);
  }
  const mien = packageFolderOf(dirname(fileURLToPath(import.meta.url))) as string;
  const version = readPackageJson(mien)?.version ?? '0.1.0';
  try {
    await mkdir(folder, { recursive: true });
    for (const [file, text] of Object.entries(templateFiles({ name, version }))) await writeFile(join(folder, file), text, { flag: 'wx' });
    const isLinked = await linkMien(folder, mien);
    const shown = relative(process.cwd(), folder) || '.';
    const path = shown.startsWith('.') ? shown : `./${shown}`;
    process.stdout.write(
      `${folder} holds a plugin: ${name}.ts, its test, and a mien.yaml to try it with.${isLinked ? ' Its node_modules/@mien/core is a link to this Mien.' : ''}\n\n` +
        `  mien plugin dev ${path}     with virtual people, loaded anew whenever you save\n` +
        `  mien plugin test ${path}    how it behaves\n`,
    );
  } catch (cause) {
    if (cause instanceof MienError) throw cause;
    throw new MienError('OUTPUT_UNWRITABLE', `${folder} cannot be written: ${(cause as Error).message}`, { cause });
  }
}

function isFolder(path: string): boolean {
  try {
    readdirSync(path);
    return true;
  } catch {
    return false;
  }
}

/** So that its test and the types work before anything is installed. A true `npm install` puts the package in its place. */
async function linkMien(folder: string, mien: string): Promise<boolean> {
  if (findPackage('@mien/core', folder)) return false;
  await mkdir(join(folder, 'node_modules', '@mien'), { recursive: true });
  await symlink(mien, join(folder, 'node_modules', '@mien', 'core'), 'dir');
  return true;
}
