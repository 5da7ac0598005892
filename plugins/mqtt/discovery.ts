/** Tells Home Assistant of the device, and takes it back where that is no longer wanted or its place has changed. */
import type { Context } from './grants.ts';
import { discoveryPayload, discoveryTopic } from './home-assistant.ts';
import type { Options } from './options.ts';
import type { States } from './states.ts';
import type { Topics } from './topics.ts';

const STORED = 'discovery-topics';
/** Former places that are emptied. */
const MOST_FORMER = 8;

export interface DiscoveryAnnouncer {
  /** With the cameras that are known now. */
  announce(cameras: readonly string[]): void;
}

export async function openDiscovery(context: Context, states: States, topics: Topics, { homeAssistant, commands }: Options): Promise<DiscoveryAnnouncer> {
  const { device, grants } = context;
  const topic = homeAssistant.discovery ? discoveryTopic(homeAssistant.prefix, device) : undefined;
  const former = (await context.store.get<string[]>(STORED)) ?? [];
  // An empty retained message takes a device out of Home Assistant.
  for (const one of former) if (one !== topic) states.set(one, '');
  if (topic !== undefined && former.at(-1) !== topic) await context.store.set(STORED, [...former.filter((one) => one !== topic), topic].slice(-MOST_FORMER));
  return {
    announce(cameras) {
      if (topic !== undefined) states.set(topic, JSON.stringify(discoveryPayload({ device, topics, cameras, grants, commands: commands.allow })));
    },
  };
}
