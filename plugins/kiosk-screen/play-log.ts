/** Proof of play: what the screens say they really showed. What was shown, why, where and when; nothing of who stood there. */

/** What a page tells; `agoMs`: so long before it was sent, since a page tells later what it showed while it was alone. */
export interface PlayReport {
  /** Of the page's own making; the same for begin and end. */
  readonly play: string;
  readonly kind: 'begin' | 'end' | 'fault';
  readonly item: string;
  readonly rule: string;
  readonly agoMs: number;
  readonly shownMs?: number;
  /** Of an end: its time was over, another took its place, or the page was left. */
  readonly ended?: 'over' | 'replaced' | 'left';
  /** Of a fault: why it could not be shown. */
  readonly reason?: string;
}

export interface Play {
  readonly item: string;
  readonly rule: string;
  readonly screen: string;
  /** ISO 8601, by the clock of the device. */
  readonly begin: string;
  readonly end?: string;
  readonly shownMs?: number;
  /** unknown: the page was gone before it could say. */
  readonly ended?: 'over' | 'replaced' | 'left' | 'unknown';
}

export interface PlayHook {
  begin(play: Play): void;
  end(play: Play): void;
}

type Ending = Required<Pick<Play, 'end'>> & Pick<Play, 'shownMs' | 'ended'>;

/** More than pages may be connected; a flood of reports under made-up names costs no more. */
const mostOpen = 64;

export class PlayLog {
  readonly #kept: number;
  readonly #hook: PlayHook;
  /** Oldest first. */
  #plays: Play[];
  /** Begun and not ended, by the screen and the page's name of the play; the values are those in #plays. */
  readonly #open = new Map<string, Play>();
  /** Ended plays by the same names: a report that comes twice counts once. */
  readonly #over = new Map<string, Play>();
  /** Why items could not be shown, by item; the newest reason. */
  readonly faults = new Map<string, string>();
  /** Counts changes, so that only news is written to disk. */
  changes = 0;

  constructor(kept: number, hook: PlayHook, earlier: readonly Play[] = []) {
    this.#kept = kept;
    this.#hook = hook;
    // Of what was on when the plugin ended, a page that is still there tells the end under its own name; others never will.
    this.#plays = earlier.slice(-kept);
  }

  get plays(): readonly Play[] {
    return this.#plays;
  }

  /** What is on, by screen. */
  get showing(): readonly Play[] {
    return [...this.#open.values()];
  }

  /** `nowWallMs`: when the report came. Returns true when an item could not be shown and that is news. */
  take(screen: string, report: PlayReport, nowWallMs: number): boolean {
    const { kind, item, rule, agoMs } = report;
    const key = `${screen} ${report.play}`;
    const at = new Date(nowWallMs - agoMs).toISOString();
    if (kind === 'fault') {
      const isNews = !this.faults.has(item);
      if (isNews && this.faults.size >= this.#kept) return false;
      this.faults.set(item, report.reason ?? 'it could not be shown');
      return isNews;
    }
    const over = this.#over.get(key);
    if (over && (kind === 'begin' || over.ended !== 'unknown')) return false;
    if (over) {
      this.#correct(key, over, { end: at, ended: report.ended ?? 'over', ...(report.shownMs !== undefined && { shownMs: report.shownMs }) });
      return false;
    }
    if (kind === 'begin') {
      if (!this.#open.has(key)) this.#begin(key, { item, rule, screen, begin: at });
      return false;
    }
    this.#end(key, this.#open.get(key) ?? { item, rule, screen, begin: new Date(nowWallMs - agoMs - (report.shownMs ?? 0)).toISOString() }, {
      end: at,
      ended: report.ended ?? 'over',
      ...(report.shownMs !== undefined && { shownMs: report.shownMs }),
    });
    return false;
  }

  /** The page has gone for good: what it showed ended when it was heard last. */
  close(screen: string, lastWallMs: number): void {
    for (const [key, play] of [...this.#open]) {
      if (play.screen === screen) this.#end(key, play, { end: new Date(Math.max(lastWallMs, Date.parse(play.begin))).toISOString(), ended: 'unknown' });
    }
  }

  #begin(key: string, play: Play): void {
    this.faults.delete(play.item);
    // A page shows one thing: what another page of the same name left open, as one that crashed, is over.
    for (const [other, open] of [...this.#open]) {
      if (open.screen === play.screen || this.#open.size >= mostOpen)
        this.#end(other, open, { end: play.begin > open.begin ? play.begin : open.begin, ended: 'unknown' });
    }
    this.#open.set(key, play);
    this.#plays.push(play);
    if (this.#plays.length > this.#kept) this.#plays.splice(0, this.#plays.length - this.#kept);
    this.changes += 1;
    this.#hook.begin(play);
  }

  #end(key: string, begun: Play, end: Ending): void {
    const whole = ended(begun, end);
    const at = this.#plays.lastIndexOf(begun);
    if (at >= 0) this.#plays[at] = whole;
    else this.#begunEarlier(whole);
    this.#open.delete(key);
    this.#over.set(key, whole);
    if (this.#over.size > this.#kept) this.#over.delete(this.#over.keys().next().value as string);
    this.changes += 1;
    this.#hook.end(whole);
  }

  /** The page is there after all, and says how it ended. */
  #correct(key: string, guessed: Play, end: Ending): void {
    const whole = ended(guessed, end);
    const at = this.#plays.lastIndexOf(guessed);
    if (at >= 0) this.#plays[at] = whole;
    this.#over.set(key, whole);
    this.changes += 1;
  }

  /** Begun before this run: the line that has no end yet is completed; where there is none, the play stands for itself. */
  #begunEarlier(whole: Play): void {
    const at = this.#plays.findLastIndex(
      ({ end, screen, item, rule }) => end === undefined && screen === whole.screen && item === whole.item && rule === whole.rule,
    );
    const begun = this.#plays[at];
    if (begun) this.#plays[at] = { ...whole, begin: begun.begin };
    else this.#plays.push(whole);
  }
}

/** A report that was long on its way makes a begin too late: nothing ends before it began. */
function ended(play: Play, end: Ending): Play {
  return { ...play, ...end, ...(end.end < play.begin && { end: play.begin }) };
}
