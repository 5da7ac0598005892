import { MienError } from '../../errors.ts';
import type { EventBus } from '../event-bus.ts';
import type { Plugins } from './plugins.ts';

/** A plugin host with none: for programs that want events only, and for the start until the real one is there. */
export function noPlugins(bus: EventBus): Plugins {
  const missing = async (name: string): Promise<never> => {
    throw new MienError('PLUGIN_NOT_FOUND', `there is no plugin "${name}": this Mien runs without plugins`);
  };
  return {
    async start() {},
    list: () => [],
    status(name) {
      throw new MienError('PLUGIN_NOT_FOUND', `there is no plugin "${name}": this Mien runs without plugins`);
    },
    check: missing,
    configure: missing,
    restart: missing,
    async apply() {},
    commands: () => [],
    async run(command) {
      throw new MienError('COMMAND_UNKNOWN', `there is no command "${command}": this Mien runs without plugins`);
    },
    publish: (event) => bus.publish(event),
    async [Symbol.asyncDispose]() {},
  };
}
