/** Where Mien keeps what outlives it: stores of plugins, quarantines, last good settings. */
import { homedir } from 'node:os';
import { join } from 'node:path';

/** Absolute, not made yet. systemd gives $STATE_DIRECTORY, for several folders as a list. */
export function stateFolder(config: { readonly stateFolder?: string | undefined }, env: NodeJS.ProcessEnv = process.env): string {
  if (config.stateFolder) return config.stateFolder;
  const given = env['STATE_DIRECTORY']?.split(':')[0];
  if (given) return given;
  return join(env['XDG_STATE_HOME'] || join(homedir(), '.local', 'state'), 'mien');
}
