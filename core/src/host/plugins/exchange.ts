/** Commands and services: who offers what, and each call's way from who asks to who answers. Nobody waits for ever, nobody queues. */
import { MienError } from '../../errors.ts';
import type { Logger } from '../../log.ts';
import { didYouMean } from '../../nearest-name.ts';
import type { Call, TrafficFromPlugin } from '../../plugin-messages.ts';
import { within } from '../../step.ts';
import { type CoreCall, type CoreCaller, coreServiceNames } from './core-services.ts';
import { type CallLimits, callLimits, Member, type MemberPlugin } from './exchange-member.ts';
import { Claims, type Offer, type OfferedCommand, type OfferedService, readOffer } from './offers.ts';
import type { CommandInfo } from './plugin-status.ts';
import { encodeValue } from './wire.ts';

export interface ExchangeOptions {
  readonly logger: Logger;
  readonly core: (caller: CoreCaller, service: string, method: string, args: readonly unknown[]) => CoreCall;
  readonly limits?: CallLimits;
}

export class Exchange {
  readonly #core: ExchangeOptions['core'];
  readonly #limits: CallLimits;
  readonly #commands: Claims<Member, OfferedCommand>;
  readonly #services: Claims<Member, OfferedService>;

  constructor({ logger, core, limits = callLimits }: ExchangeOptions) {
    this.#core = core;
    this.#limits = limits;
    this.#commands = new Claims('command', logger);
    this.#services = new Claims('service', logger);
  }

  join(plugin: MemberPlugin, view: CoreCaller['view']): Member {
    return new Member(plugin, view, this.#limits);
  }

  leave(member: Member, reason: string): void {
    this.#commands.replace(member, []);
    this.#services.replace(member, []);
    member.leave(reason);
  }

  /** In place of what the plugin had offered. What was refused, in words. */
  offer(member: Member, offer: Offer, plugin: MemberPlugin): readonly string[] {
    const { commands, services, refused } = readOffer(offer, plugin.description);
    return [...refused, ...this.#commands.replace(member, commands), ...this.#services.replace(member, services)];
  }

  /** False when the plugin makes things up. */
  ask(member: Member, { id, call }: Extract<TrafficFromPlugin, { type: 'ask' }>): boolean {
    return member.ask(id, nameOf(call), (signal) => this.#call(member, call, signal)) !== undefined;
  }

  commandsOf(member: Member): readonly string[] {
    return this.#commands.held.filter(({ owner }) => owner === member).map(({ offered }) => offered.name);
  }

  /** Of plugins that have started. */
  commands(): readonly CommandInfo[] {
    return this.#commands.held
      .filter(({ owner }) => owner.ready)
      .map(({ owner, offered: { name, input, openTo } }) => ({ name, plugin: owner.name, input, openTo }))
      .sort((a, b) => (a.name < b.name ? -1 : 1));
  }

  /**
   * `caller`: the plugin that asks; the API unless given. Errors: COMMAND_UNKNOWN, FORBIDDEN for a plugin to which it is not open, REQUEST_INVALID,
   * COMMAND_FAILED, SERVICE_UNAVAILABLE, BUSY; the reason of `signal`.
   */
  async run(name: string, input: unknown, signal: AbortSignal, caller?: Member): Promise<unknown> {
    const command = this.#commands.holder(name);
    if (!command) {
      const known = this.commands()
        .filter(({ openTo }) => openTo === 'everybody' || !caller)
        .map((info) => info.name);
      const there = known.length > 0 ? `there is ${known.join(', ')}` : 'no plugin that runs offers any';
      throw new MienError('COMMAND_UNKNOWN', `there is no command "${name}"; ${there}.${didYouMean(name, known)}`);
    }
    if (command.offered.openTo === 'api' && caller && caller !== command.owner)
      throw new MienError('FORBIDDEN', `the command "${name}" of "${command.owner.name}" is for the API and the command line: other plugins cannot run it`);
    const json = command.offered.check.encode(input ?? {});
    return command.owner.call(`{"kind":"command","name":${JSON.stringify(name)},"input":${json}}`, `the command "${name}"`, signal);
  }

  async #call(caller: Member, call: Call, signal: AbortSignal): Promise<unknown> {
    if (call.kind === 'command') return this.run(call.name, call.input, signal, caller);
    const { name, method, args } = call;
    if (coreServiceNames.has(name)) {
      const { timeoutMs, run } = this.#core(caller, name, method, args);
      const late = () => new MienError('SERVICE_UNAVAILABLE', `${name}.${method} did not answer within ${timeoutMs / 1000} s`);
      return within(timeoutMs, signal, late, run);
    }
    if (!caller.uses.includes(name)) {
      throw new MienError('PLUGIN_INVALID', `"${caller.name}" uses the service "${name}" without declaring it: add it to \`uses\` in its definition`);
    }
    const service = this.#services.holder(name);
    if (!service) throw new MienError('SERVICE_UNAVAILABLE', `no plugin that runs provides the service "${name}"; try again when one does`);
    const { owner, offered } = service;
    if (!offered.methods.has(method)) {
      const known = [...offered.methods];
      const has = known.length > 0 ? `it has ${known.join(', ')}` : 'it has none';
      throw new MienError('REQUEST_INVALID', `the service "${name}" of "${owner.name}" has no method "${method}"; ${has}.${didYouMean(method, known)}`);
    }
    return owner.call(encodeValue({ kind: 'service', name, method, args }, `arguments of ${name}.${method}`), `${name}.${method}`, signal);
  }
}

function nameOf(call: Call): string {
  return call.kind === 'command' ? `the command "${call.name}"` : `${call.name}.${call.method}`;
}
