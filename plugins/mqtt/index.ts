/** Mien at an MQTT broker: events, counts and availability out, commands in, Home Assistant told. */
import { definePlugin, Type } from '@mien/core/plugin';
import { Acknowledgements } from './acknowledgements.ts';
import { Broker } from './broker.ts';
import { Commands } from './commands.ts';
import { openDiscovery } from './discovery.ts';
import { EventSender } from './event-sender.ts';
import { allEvents, type Context, needs, wants } from './grants.ts';
import { isNearby } from './local-address.ts';
import { type Options, optionFaults, options } from './options.ts';
import { openPeopleStates, type PeopleStates } from './people-states.ts';
import { States } from './states.ts';
import { openStreams } from './streams.ts';
import { readTls } from './tls-files.ts';
import { Topics } from './topics.ts';

export default definePlugin({
  name: 'mqtt',
  apiVersion: 1,
  description: 'Events, counts and availability to an MQTT broker, in order and kept on disk until it has them; Home Assistant discovery; commands.',
  needs,
  wants,
  options,
  checkOptions: optionFaults,
  async setup(context, options) {
    const topics = new Topics(options.prefix, context.device);
    const broker = new Broker(settingsOf(context, options, topics), context.log);
    const away = { topic: topics.available, payload: 'offline', qos: 1, retain: true } as const;
    context.defer(() => broker.close(away));
    const states = new States(broker, context.log);
    states.set(topics.available, 'online');

    const { topic, withinMs } = options.acknowledge;
    const acknowledgements = topic === '' ? undefined : new Acknowledgements(topic, withinMs);
    if (acknowledgements) {
      broker.subscribe(topic, 1, ({ payload }) => acknowledgements.take(payload.toString()));
      broker.onLost(() => acknowledgements.lose());
    }
    const { maxHeld, maxHeldMb, inFlight } = options;
    const sender = new EventSender({ broker, topics, qos: options.qos as 0 | 1 | 2, acknowledgements, log: context.log, stopping: context.signal });
    const outbox = options.send.events
      ? context.outbox(allEvents, (event, { signal }) => sender.send(event, signal), {
          name: 'events',
          maxEvents: maxHeld,
          maxBytes: maxHeldMb * 1024 ** 2,
          inFlight,
        })
      : undefined;

    const discovery = await openDiscovery(context, states, topics, options);
    const people: PeopleStates = openPeopleStates(context, states, topics, () => discovery.announce(people.cameras));
    discovery.announce(people.cameras);
    openStreams(context, broker, topics, options);
    const { allow } = options.commands;
    const commands = allow.length > 0 ? new Commands({ broker, topics, allow, run: (command, input) => context.run(command, input) }) : undefined;

    context.command(`${context.name}.status`, Type.Object({}), () => ({
      connected: broker.isConnected,
      protocol: broker.protocol,
      fault: broker.fault ?? null,
      held: outbox?.held ?? 0,
      sent: outbox?.sent ?? 0,
      dropped: outbox?.dropped ?? 0,
      tooLarge: sender.tooLarge,
      unanswered: commands?.unanswered ?? 0,
    }));
    await warnOfOpenNetwork(context, options);
    broker.open();
  },
});

function settingsOf(context: Context, options: Options, topics: Topics): ConstructorParameters<typeof Broker>[0] {
  const { url, username, password, version, sessionExpiryS, inFlight, ackWithinMs, keepaliveS, tls } = options;
  const ownId = context.name === 'mqtt' ? `mien-${context.device}` : `mien-${context.device}-${context.name}`;
  const client = {
    clientId: options.clientId || ownId,
    keepalive: keepaliveS,
    will: { topic: topics.available, payload: Buffer.from('offline'), qos: 1, retain: true },
    ...(username !== '' && { username }),
    ...(password !== '' && { password }),
  } as const;
  const isSecure = /^(mqtts|wss):/.test(url);
  const secure = async () => {
    const files = isSecure ? await readTls(tls) : {};
    return { ...files, wsOptions: files };
  };
  return { url, version, client, sessionExpiryS, inFlight, ackWithinMs, secure };
}

async function warnOfOpenNetwork(context: Context, { url }: Options): Promise<void> {
  const { protocol, hostname } = new URL(url);
  if (/^(mqtts|wss):$/.test(protocol) || (await isNearby(hostname))) return;
  context.log.warn({ broker: hostname }, 'unencrypted over a foreign network: everybody on the way can read what is said of people. Use mqtts:// or wss://');
}
