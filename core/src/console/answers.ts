/** Static types of the API's answers, without a schema library at run time. */
import type Type from 'typebox';
import type { CommandInfo, PluginStatus } from '../host/plugins/plugin-status.ts';
import type * as people from './people-view.ts';
import type * as events from './socket-frames.ts';
import type * as status from './status.ts';

export type { SocketFrame } from './socket-frames.ts';
export type { Status } from './status.ts';
export type AnalyzeAnswer = Type.Static<typeof status.AnalyzeAnswer>;
export type HeldEvents = Type.Static<typeof events.HeldEvents>;
export type ModelsAnswer = { models: Type.Static<typeof status.Model>[] };
export type PeopleAnswer = Type.Static<typeof people.PeopleAnswer>;
export type PluginsAnswer = { plugins: PluginStatus[] };
export type ChangeAnswer = { plugin: PluginStatus; saved: boolean };
export type CommandsAnswer = { commands: CommandInfo[] };
export type { SimulatedPerson, SimulatorStatus } from '../simulate/simulator-status.ts';
export type { CommandInfo, PluginStatus };
