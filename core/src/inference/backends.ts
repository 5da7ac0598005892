import type { InferenceBackend } from './backend.ts';

/** A backend and whether it is second choice. */
export interface BackendChoice {
  readonly backend: InferenceBackend;
  readonly degraded: boolean;
  readonly degradedReason?: string;
}

/** `onnx`, `rknn` or `auto`. Errors: BACKEND_UNKNOWN (lists the known names), BACKEND_UNAVAILABLE. Only `auto` falls back, and says so. */
export async function chooseBackend(name: string): Promise<BackendChoice> {
  throw new Error(`body follows ${name}`);
}
