/** What a plugin holds of what it asks for. */
import type { Grant } from '../../events.ts';
import type { PluginDescription } from '../../plugin-messages.ts';

type Asks = Pick<PluginDescription, 'needs' | 'wants'>;

/** All that it needs (without it, it does not run) and what it wants of `granted`. What was granted and not asked for does not count. */
export function heldGrants({ needs, wants }: Asks, granted: readonly Grant[]): readonly Grant[] {
  return [...needs, ...wants.filter((grant) => granted.includes(grant))];
}

/** Under development and in tests. */
export function allAskedFor({ needs, wants }: Asks): readonly Grant[] {
  return [...needs, ...wants];
}
