import { createClient } from '../client.ts';
import { MienError } from '../errors.ts';
import { type EventName, EventSchemas, type MienEvent } from '../events.ts';
import { formatEvent } from '../events-text.ts';
import { didYouMean } from '../nearest-name.ts';
import { untilSignalled } from './until-signalled.ts';

export interface EventsCommand {
  url: string;
  token?: string;
  follow?: boolean;
  json?: boolean;
  type?: string[];
}

/** `mien events`: what a running Mien still holds, and with --follow what comes. */
export async function events(options: EventsCommand): Promise<void> {
  const types = options.type?.map(knownType);
  if (!/^https?:\/\//.test(options.url) || !URL.canParse(options.url)) {
    throw new MienError('OPTION_UNKNOWN', `--url expects an address such as http://127.0.0.1:7430, not "${options.url}"`);
  }
  const client = createClient({ url: options.url, token: options.token ?? process.env['MIEN_TOKEN'] });
  const stop = untilSignalled();
  const print = (event: MienEvent): void => void process.stdout.write(`${options.json ? JSON.stringify(event) : formatEvent(event)}\n`);
  try {
    if (!options.follow) {
      const held = await client.heldEvents({ ...(types && { types }) });
      for (const event of held.events) print(event);
      return;
    }
    for await (const event of client.events({ since: 0, signal: stop.signal, ...(types && { types }) })) print(event);
  } catch (fault) {
    if (!stop.signal.aborted) throw fault;
  } finally {
    stop[Symbol.dispose]();
  }
}

/** Errors: OPTION_UNKNOWN with the nearest name. */
function knownType(type: string): EventName {
  if (Object.hasOwn(EventSchemas, type)) return type as EventName;
  const known = Object.keys(EventSchemas);
  throw new MienError('OPTION_UNKNOWN', `--type: there is no event "${type}". Known are ${known.join(', ')}.${didYouMean(type, known)}`);
}
