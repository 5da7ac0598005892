import { definePlugin, Type } from '@mien/core/plugin';
import type { CloudEvent } from './message.ts';
import { grantOf, isInTheOpen, optionFaults, options, sendable } from './options.ts';
import { Sender } from './sender.ts';

export default definePlugin({
  name: 'webhook',
  apiVersion: 1,
  description: 'Posts events to a web server as CloudEvents, signed, in order, kept on disk until they are taken.',
  needs: ['person.presence'],
  // It passes on what it may see, and no more.
  wants: ['person.position', 'person.quality', 'person.age', 'person.gender', 'person.expression', 'person.attention', 'device.health'],
  options,
  checkOptions: optionFaults,
  setup(context, options) {
    const url = new URL(options.url);
    if (isInTheOpen(url))
      context.log.warn({ target: url.origin }, 'http:// leaves the device unencrypted: everybody on the way can read what it says of people. Use https://');
    for (const name of sendable) {
      if (options.events.includes(name) && !(context.grants as readonly string[]).includes(grantOf[name]))
        context.log.warn({ event: name, grant: grantOf[name] }, 'an event of the option events never comes without its grant: add it to grant in mien.yaml');
    }
    const sender = new Sender(options, context.log);
    context.defer(() => sender.close());
    // A name of its own: what is held is found again when `events` changes.
    const outbox = context.outbox(sendable, (event, { signal }) => sender.send(event as CloudEvent, signal), {
      name: 'events',
      maxEvents: options.maxHeld,
      // An event has some 2 KiB.
      maxBytes: options.maxHeld * 4096,
      inFlight: options.inFlight,
    });
    context.command(`${context.name}.status`, Type.Object({}), () => ({ ...sender.status, held: outbox.held, dropped: outbox.dropped }));
  },
});
