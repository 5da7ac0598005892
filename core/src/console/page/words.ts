/** Rules, reasons and spans in words. */
import type { AbstainReason, Why } from '../../events.ts';

export const abstainWords: Record<AbstainReason, string> = {
  too_small: 'unknown: too far away',
  yaw: 'unknown: head turned away',
  pitch: 'unknown: head tilted',
  blur: 'unknown: picture blurred',
  dark: 'unknown: too dark',
  low_confidence: 'not sure yet',
  policy: 'withheld by policy',
};

/** 340 ms, 2.1 s, 3 min 5 s. */
export function span(ms: number): string {
  if (ms < 1000) return `${Math.round(ms)} ms`;
  if (ms < 60_000) return `${(ms / 1000).toFixed(1)} s`;
  return wholeSeconds(ms);
}

/** 12 s, 3 min 5 s; changes once a second. */
export function wholeSeconds(ms: number): string {
  const seconds = Math.floor(ms / 1000);
  return seconds < 60 ? `${seconds} s` : `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
}

export const percent = (p: number): string => `${Math.round(p * 100)} %`;

/** One sentence saying why an event fired. */
export function whyWords({ rule, heldMs, hits, of, thresholds: t }: Why): string {
  const held = span(heldMs);
  const limit = (name: string): string => span(t[name] ?? 0);
  switch (rule) {
    case 'appear':
      return `The face was found in ${hits ?? '?'} of the last ${of ?? '?'} frames over ${held}; ${t['appearHits'] ?? '?'} frames and ${limit('appearMs')} are needed.`;
    case 'settled':
      return 'An attribute became stable: the moment to greet.';
    case 'returned':
      return 'The person was here within the grace period, so nobody is greeted twice.';
    case 'changed':
      return `Something material changed; at most one update a person in ${limit('updateEveryMs')}.`;
    case 'gone':
      return `Not seen for ${held}; gone after ${limit('goneMs')} where the place is visible, otherwise after ${limit('graceMs')} of grace.`;
    case 'gone.blind':
      return `Mien could not see for ${held} and the person did not show again within ${limit('graceMs')} of grace.`;
    case 'merged':
      return 'Two tracks turned out to be one person; the other one goes on.';
    case 'expression.switch':
      return `Another expression won and held for ${held}; it needs ${percent(t['p'] ?? 0)}, a lead of ${percent(t['margin'] ?? 0)} and ${limit('holdMs')}.`;
    case 'attention.on':
      return `The attention score was at least ${t['on'] ?? '?'} for ${held}; ${limit('onMs')} are needed.`;
    case 'attention.off':
      return `The attention score was under ${t['off'] ?? '?'} for ${held}; ${limit('offMs')} are needed.`;
    case 'camera.lost':
      return 'The camera gives no pictures; Mien tries again with growing pauses.';
    case 'sight.lost':
      return 'The sight process hung or died and is being started anew.';
    case 'camera.ended':
      return 'The recording is over.';
    default: {
      const words = rule.replaceAll('.', ' ');
      return `Rule: ${words}${heldMs > 0 ? `, held ${held}` : ''}.`;
    }
  }
}
