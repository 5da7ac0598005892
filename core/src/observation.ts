/**
 * The one message between the two halves: what sight saw in one frame. No pixels, no embeddings. A tape, the virtual
 * people, a remote sight and the tests all speak it.
 */

/** [x, y, width, height] as shares of the upright frame from its top left. May reach outside 0..1 at the border. */
export type Box = readonly [number, number, number, number];

/** Who produced an observation. A CPU fallback is never silent. */
export interface Origin {
  /** `name@version/precision` of the recogniser. */
  readonly model: string;
  readonly backend: string;
  readonly npuCores: readonly number[];
  readonly degraded: boolean;
  readonly degradedReason?: string;
  readonly simulated: boolean;
}

/** How the heads' numbers are to be read; copied from the manifest. A head that is not bound is absent. */
export interface HeadLabels {
  readonly age?: { readonly unit: 'years' };
  readonly gender?: { readonly labels: readonly [string, string] };
  readonly expression?: { readonly labels: readonly string[]; readonly valence: readonly number[] };
}

/** One reading of the heads for one face, calibrated as the manifest states. */
export interface FaceSample {
  readonly age?: { readonly years: number; readonly sd: number };
  /** P(label) in the order of `HeadLabels.gender.labels`. */
  readonly gender?: readonly [number, number];
  /** P(label) in the order of `HeadLabels.expression.labels`. */
  readonly expression?: readonly number[];
}

export interface FaceQuality {
  /** 0..1, the weight of a sample. */
  readonly score: number;
  /** Larger side of the face box in pixels of the frame. */
  readonly facePx: number;
  /** Degrees. Yaw positive when the person turns to their left (the image's right), pitch positive up, roll positive clockwise in the image. */
  readonly yawDeg: number;
  readonly pitchDeg: number;
  readonly rollDeg: number;
  /** Mean luma of the aligned crop 0..1 and its sharpness 0..1; absent when the face was not aligned in this frame. */
  readonly light?: number;
  readonly sharpness?: number;
}

export interface ObservedFace {
  /** Track id: positive, unique within one run of sight, never reused there. */
  readonly track: number;
  readonly box: Box;
  /** Detector score 0..1 of this frame; 0 when the box is predicted (the detector missed the face in this frame). */
  readonly score: number;
  readonly quality: FaceQuality;
  /** Present when this face was recognised in this frame. */
  readonly sample?: FaceSample;
}

/** A track that sight gave up in this frame. */
export interface EndedTrack {
  readonly track: number;
  readonly reason: 'lost' | 'exited' | 'merged';
  /** For `merged`: the track that goes on. */
  readonly into?: number;
}

export interface StageTimes {
  readonly decodeMs: number;
  readonly detectMs: number;
  readonly alignMs: number;
  readonly recogniseMs: number;
  readonly trackMs: number;
  /** From taking the frame to the finished observation, decoding left out. */
  readonly totalMs: number;
}

export interface Observation {
  /** Camera name from the config. */
  readonly camera: string;
  /** Changes whenever sight is started anew: track ids of different runs have nothing to do with each other. */
  readonly run: string;
  readonly frame: number;
  readonly capturedMonoMs: number;
  readonly capturedWallMs: number;
  /** Pixels of the upright frame. */
  readonly width: number;
  readonly height: number;
  readonly faces: readonly ObservedFace[];
  readonly ended: readonly EndedTrack[];
  readonly heads: HeadLabels;
  readonly origin: Origin;
  readonly ms: StageTimes;
  /** Frames of this camera dropped unseen since sight started. */
  readonly dropped: number;
  /** Recognitions per second over the last two seconds, all faces together. */
  readonly recognitionHz: number;
}
