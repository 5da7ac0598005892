/** What was changed of a plugin, written into mien.yaml. */
import { editConfig } from './edit-config.ts';
import type { PluginChange } from './host/plugins/plugins.ts';
import { pluginSettings } from './plugin-map.ts';

/** Only what the change names is written. Errors: CONFIG_INVALID, OUTPUT_UNWRITABLE. */
export async function savePluginChange(path: string, name: string, { enabled, options, grant }: PluginChange): Promise<void> {
  await editConfig(path, 'plugins', (document) => {
    const settings = pluginSettings(document, name);
    const set = (key: string, value: unknown): void => settings.set(key, document.createNode(value));
    if (enabled !== undefined) set('enabled', enabled);
    if (grant !== undefined) set('grant', grant);
    if (options === undefined) return;
    set('options', options);
    // They are in the plugin's present shape.
    settings.delete('optionsVersion');
  });
}
