/** The service `speech`, for other plugins. */
import type { Priority } from './speech-queue.ts';

export interface SayOptions {
  /** Another than the plugin's own, as espeak-ng names them. */
  readonly language?: string;
  /** urgent goes before all others, and is said in quiet hours as well. normal unless said otherwise. */
  readonly priority?: Priority;
  /** What is being said is cut off, and what waits is left out. */
  readonly interrupt?: boolean;
  /** To whom (id of a person): cut off when they turn away, where the option whenTurnedAway is stop. */
  readonly person?: string;
}

export interface SayAnswer {
  readonly id: number;
  /** How many are said before it. */
  readonly ahead: number;
  /** The text as it will be said. */
  readonly text: string;
  /** Characters left away, since the text was longer than maxChars. */
  readonly cut: number;
}

export interface SpeechStatus {
  /** Half duplex: what a microphone hears while this is true may be this voice. */
  readonly speaking: boolean;
  /** Without the text: it may tell of somebody what whoever asks was not granted. */
  readonly saying?: { readonly id: number; readonly language: string; readonly sinceMs: number; readonly durationMs?: number };
  readonly queued: number;
  /** Until when nothing is said, as `07:00`. */
  readonly quietUntil?: string;
  readonly engine: string;
  readonly player?: string;
  /** Why nothing can be said, or why the last text was not. */
  readonly fault?: string;
  readonly counts: { readonly said: number; readonly cut: number; readonly stale: number; readonly failed: number };
  readonly cached: { readonly phrases: number; readonly bytes: number };
}

export interface SpeechService {
  /**
   * Resolves when it will be said, which may be later. Errors: SERVICE_UNAVAILABLE (no engine, no player, quiet hours), REQUEST_INVALID (nothing to
   * say, too long, no voice for the language), BUSY (too much waits).
   */
  say(text: string, options?: SayOptions): Promise<SayAnswer>;
  /** Silent at once; what waits is left out. How many texts that were. */
  stop(): Promise<number>;
  status(): Promise<SpeechStatus>;
}
