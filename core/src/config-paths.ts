/** Paths in settings mean places beside the file they stand in, wherever Mien was started. */
import { resolve } from 'node:path';

type Settings = Readonly<Record<string, unknown>>;

/**
 * Settings, checked or not, whose relative paths are made absolute against `folder`: stateFolder, pluginFolder, npu.library, and of each
 * plugin allow.read, allow.write and a `from` that begins with a dot (others are packages). So are those that begin with ./ or ../ in modules,
 * model.release, model.detectorRelease, log.file and cameras[].source; without they mean the working folder, as in files of earlier versions.
 * What has not the expected shape stays as it is.
 */
export function withAbsolutePaths(settings: Settings, folder: string): Record<string, unknown> {
  const path = (value: unknown): unknown => (typeof value === 'string' && value !== '' ? resolve(folder, value) : value);
  const dotted = (value: unknown): unknown => (typeof value === 'string' && /^\.\.?\//.test(value) ? path(value) : value);
  const part = (by: Readonly<Record<string, (value: unknown) => unknown>>) => (value: unknown) => (isRecord(value) ? replaced(value, by) : value);
  const allow = part({ read: (list) => each(list, path), write: (list) => each(list, path) });
  const from = (value: unknown): unknown => (typeof value === 'string' && value.startsWith('.') ? path(value) : value);
  const plugin = part({ from, allow });
  const plugins = (value: unknown): unknown =>
    isRecord(value) ? Object.fromEntries(Object.entries(value).map(([name, settings]) => [name, plugin(settings)])) : value;
  return replaced(settings, {
    stateFolder: path,
    pluginFolder: path,
    npu: part({ library: path }),
    plugins,
    modules: (list) => each(list, dotted),
    model: part({ release: dotted, detectorRelease: dotted }),
    log: part({ file: dotted }),
    cameras: (list) => each(list, part({ source: dotted })),
  });
}

function replaced(value: Settings, by: Readonly<Record<string, (part: unknown) => unknown>>): Record<string, unknown> {
  const result = { ...value };
  for (const [key, change] of Object.entries(by)) if (Object.hasOwn(result, key)) result[key] = change(result[key]);
  return result;
}

function each(list: unknown, change: (item: unknown) => unknown): unknown {
  return Array.isArray(list) ? list.map(change) : list;
}

function isRecord(value: unknown): value is Settings {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
