/** The section `plugins` of mien.yaml, as the commands change it. */
import { type Document, isScalar, type Scalar, type YAMLMap } from 'yaml';
import type { Grant } from '../events.ts';
import { pluginMap, pluginSettings } from '../plugin-map.ts';
import type { PluginLook } from './plugin-look.ts';
import { grantWords, optionWords } from './plugin-words.ts';

/** Puts a plugin in, with comments that say what it is and what it was granted. Options are written with their defaults, as a form to fill in. */
export function putPlugin(
  document: Document,
  name: string,
  from: string,
  { description, grant }: Pick<PluginLook, 'description'> & { readonly grant: readonly Grant[] },
): void {
  const settings = document.createNode({ from, grant: [...grant], options: {} }) as YAMLMap;
  if (description.description) settings.commentBefore = ` ${oneLine(description.description)}`;
  const grants = settings.get('grant', true) as unknown as YAMLMap;
  const left = description.wants.filter((one) => !grant.includes(one)).map((one) => ` ${one}: ${grantWords[one]} (optional)`);
  grants.flow = grant.length === 0;
  for (const one of grants.items as unknown as Scalar[]) one.comment = ` ${grantWords[one.value as Grant]}`;
  if (left.length > 0) grants.comment = left.join('\n');
  const options = settings.get('options', true) as unknown as YAMLMap;
  for (const { name: option, type, description: about, default: preset, isRequired } of optionWords(description.options)) {
    const said = ` ${[type, about && oneLine(about)].filter(Boolean).join(': ')}`;
    const path = option.split('.');
    if (preset === undefined) {
      const line = ` ${option}:${said}${isRequired ? ' (must be set)' : ''}`;
      options.comment = options.comment ? `${options.comment}\n${line}` : line;
      continue;
    }
    options.setIn(path, document.createNode(preset));
    const value = options.getIn(path, true);
    if (isScalar(value)) value.comment = said;
  }
  options.flow = options.items.length === 0;
  if (options.items.length === 0 && !options.comment) settings.delete('options');
  pluginMap(document).set(document.createNode(name), settings);
}

export function dropPlugin(document: Document, name: string): void {
  pluginMap(document).delete(name);
}

export function enablePlugin(document: Document, name: string, enabled: boolean): void {
  const settings = pluginSettings(document, name);
  // Enabled is what a plugin is when nothing is said.
  if (enabled) settings.delete('enabled');
  else settings.set('enabled', false);
}

function oneLine(text: string): string {
  return text.replaceAll(/\s+/g, ' ').trim();
}
