/** Notices of sight as people understands them, and the events made of those about models. */
import type { Enveloper } from '../enveloper.ts';
import type { MienEvent } from '../events.ts';
import { eventOrigin } from './origin.ts';

/** The part of a model's status that goes into events. */
export interface NoticedModel {
  readonly name: string;
  readonly release: string;
  readonly version: string;
  readonly precision: string;
  readonly backend: string;
  readonly npuCores: readonly number[];
  readonly simulated: boolean;
  readonly degraded: boolean;
  readonly degradedReason?: string;
  readonly selftest?: { readonly passed: boolean; readonly ms: number; readonly detail: string };
}

export interface ModelNotice {
  readonly type: 'model.selftest' | 'backend.degraded' | 'backend.recovered';
  readonly model: NoticedModel;
}

/** What sight tells besides observations; the notices of its contract fit. */
export type Notice =
  | { readonly type: 'camera.lost' | 'camera.restored' | 'camera.ended'; readonly camera: string; readonly message: string }
  | { readonly type: 'sight.lost' | 'sight.restored'; readonly message: string }
  | ModelNotice;

export interface NoticeContext {
  readonly enveloper: Enveloper;
  readonly profile: string;
  readonly capturedMonoMs: number;
  readonly capturedWallMs: number;
}

export function modelEvent({ type, model }: ModelNotice, { enveloper, profile, capturedMonoMs, capturedWallMs }: NoticeContext): MienEvent {
  const { name, release, version, precision, backend, degradedReason, selftest } = model;
  const moment = { subject: `model/${name}`, capturedMonoMs, capturedWallMs };
  const data = {
    origin: eventOrigin({ ...model, model: `${name}@${version}/${precision}` }, profile),
    why: { rule: type, heldMs: 0, thresholds: {} },
    model: { name, release, version, precision, backend },
  };
  switch (type) {
    case 'model.selftest': {
      const { passed = false, ms = 0, detail = 'not run' } = selftest ?? {};
      return enveloper.envelope(type, moment, { ...data, passed, ms, detail });
    }
    case 'backend.degraded':
      return enveloper.envelope(type, moment, { ...data, reason: degradedReason ?? 'no reason given' });
    default:
      return enveloper.envelope(type, moment, data);
  }
}
