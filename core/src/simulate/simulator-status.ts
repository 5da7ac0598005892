/** What plays, as /v1/simulate answers it. */
import type { Appearance } from './script.ts';

export interface SimulatedPerson extends Appearance {
  readonly id: string;
  /** Added by hand: stays when a looping scenario begins again. */
  readonly live: boolean;
}

export interface SimulatorStatus {
  readonly active: boolean;
  /** The source in events. */
  readonly camera: string;
  /** Absent while nothing plays, and while people were only added by hand. */
  readonly scenario?: { readonly name: string; readonly loop: boolean; readonly lengthS: number; readonly atS: number };
  readonly width: number;
  readonly height: number;
  readonly framesPerSecond: number;
  readonly processed: number;
  readonly dropped: number;
  readonly people: readonly SimulatedPerson[];
}
