/**
 * The model manifest (`model.json`): everything a program must know to feed a release and to read its outputs.
 * One release holds one recogniser and its detectors. What the manifest does not say, code does not assume.
 */
import Type from 'typebox';

const strict = { additionalProperties: false } as const;
const Sha256 = Type.String({ pattern: '^[0-9a-f]{64}$' });
const Triple = Type.Tuple([Type.Number(), Type.Number(), Type.Number()]);

/** The input tensor. A pixel p of channel c enters the network as (p - mean[c]) / scale[c], applied by whoever `normalisedBy` names. */
export const ModelInput = Type.Object(
  {
    name: Type.String(),
    width: Type.Integer({ minimum: 1 }),
    height: Type.Integer({ minimum: 1 }),
    layout: Type.Union([Type.Literal('nchw'), Type.Literal('nhwc')]),
    dtype: Type.Union([Type.Literal('f32'), Type.Literal('u8'), Type.Literal('i8')]),
    colorOrder: Type.Union([Type.Literal('rgb'), Type.Literal('bgr')]),
    mean: Triple,
    scale: Triple,
    normalisedBy: Type.Union([Type.Literal('host'), Type.Literal('network')], {
      description: 'host: Mien subtracts and divides before the call. network: it is baked in; applying it twice is the costliest known defect',
    }),
  },
  strict,
);

/** An output as the NPU gives it: its value is (q - zeroPoint) * scale. */
export const QuantisedOutput = Type.Object(
  { dims: Type.Array(Type.Integer({ minimum: 1 })), type: Type.Literal('i8'), zeroPoint: Type.Integer(), scale: Type.Number({ exclusiveMinimum: 0 }) },
  strict,
);

/** One file that holds the network for one backend, chip and precision. `input` stands where this file's input differs from the network's. */
export const ModelFile = Type.Object(
  {
    path: Type.String({ description: 'relative to model.json' }),
    backend: Type.Union([Type.Literal('onnx'), Type.Literal('rknn')]),
    chip: Type.String({ description: 'cpu, or the NPU the file was compiled for, as rk3588' }),
    precision: Type.Union([Type.Literal('fp32'), Type.Literal('int8')]),
    bytes: Type.Integer({ minimum: 1 }),
    sha256: Sha256,
    opset: Type.Optional(Type.Integer()),
    input: Type.Optional(ModelInput),
    answers: Type.Optional(Type.String({ description: "key of this file's known answers and tolerances; its precision where absent" })),
    outputs: Type.Optional(Type.Record(Type.String(), QuantisedOutput, { description: 'what a runtime says of the outputs of an .rknn file' })),
    made: Type.Optional(Type.String({ description: 'by what and from what, for people' })),
  },
  strict,
);

/** Where a face sits in the recogniser's square input, as shares of the side. */
export const CropGeometry = Type.Object(
  {
    eyeMidpoint: Type.Tuple([Type.Number(), Type.Number()]),
    eyeToMouth: Type.Number({ description: 'distance from the eye midpoint to the mouth, as a share of the side' }),
    border: Type.Literal('reflect101'),
  },
  strict,
);

/** Age head. sd(years) is read off `sd` by linear interpolation; measured on the validation split. */
export const AgeHead = Type.Object(
  {
    output: Type.String(),
    unit: Type.Literal('years'),
    range: Type.Tuple([Type.Number(), Type.Number()]),
    sd: Type.Array(Type.Tuple([Type.Number(), Type.Number()]), { minItems: 1, description: '[predicted years, standard deviation]' }),
  },
  strict,
);

/** Gender head: one number per face. `probability`: P(labels[1]). `logit`: its logit before temperature. */
export const GenderHead = Type.Object(
  {
    output: Type.String(),
    activation: Type.Union([Type.Literal('probability'), Type.Literal('logit')]),
    labels: Type.Tuple([Type.String(), Type.String()]),
    temperature: Type.Number({ exclusiveMinimum: 0 }),
    expectedCalibrationError: Type.Number(),
  },
  strict,
);

/** Expression head: one logit per label. `valence` gives the sign of each label, -1..1. */
export const ExpressionHead = Type.Object(
  {
    output: Type.String(),
    activation: Type.Literal('logits'),
    labels: Type.Array(Type.String(), { minItems: 2 }),
    valence: Type.Array(Type.Number({ minimum: -1, maximum: 1 })),
    temperature: Type.Number({ exclusiveMinimum: 0 }),
    expectedCalibrationError: Type.Number(),
  },
  strict,
);

/** Measured on a named split with one file of the release: `file`, or the one for the CPU where absent. Accuracies are shares 0..1, ages in years. */
export const Measured = Type.Object(
  {
    precision: Type.Union([Type.Literal('fp32'), Type.Literal('int8')]),
    file: Type.Optional(Type.String()),
    split: Type.String(),
    n: Type.Integer(),
    ageMae: Type.Optional(Type.Number()),
    genderAccuracy: Type.Optional(Type.Number()),
    expressionAccuracy: Type.Optional(Type.Number()),
  },
  strict,
);

/**
 * Known answers: `inputs` is a binary file of n packed u8 NHWC images in the input's colour order; `expected` maps each
 * precision, or a file's own key (`answers`), to n rows per output. A value may be off by `tolerance` (absolute) of that output. Where `select` names an output,
 * a row holds only those elements of the flattened output (per image, batch left out), in that order; otherwise all of them.
 */
export const KnownAnswers = Type.Object(
  {
    inputs: Type.String(),
    sha256: Sha256,
    n: Type.Integer({ minimum: 2 }),
    select: Type.Optional(Type.Record(Type.String(), Type.Array(Type.Integer({ minimum: 0 }), { minItems: 1 }))),
    expected: Type.Record(Type.String(), Type.Record(Type.String(), Type.Array(Type.Array(Type.Number())))),
    tolerance: Type.Record(Type.String(), Type.Record(Type.String(), Type.Number())),
  },
  strict,
);

export const Quantisation = Type.Object(
  {
    scheme: Type.String(),
    calibration: Type.String({ description: 'what was shown to the quantiser, how many, and the method' }),
    calibrationSamples: Type.Integer(),
  },
  strict,
);

/** What may be done with weights. */
export const Licence = Type.Object(
  {
    use: Type.Union([Type.Literal('research'), Type.Literal('any')]),
    name: Type.String(),
    file: Type.String(),
    statement: Type.String({ description: 'one sentence for start, status and console' }),
  },
  strict,
);

export const RecognizerNetwork = Type.Object(
  {
    role: Type.Literal('recognizer'),
    name: Type.String(),
    description: Type.String(),
    licence: Type.Optional(Licence),
    files: Type.Array(ModelFile, { minItems: 1 }),
    input: ModelInput,
    crop: CropGeometry,
    heads: Type.Object({ age: Type.Optional(AgeHead), gender: Type.Optional(GenderHead), expression: Type.Optional(ExpressionHead) }, strict),
    quantisation: Type.Optional(Quantisation),
    measured: Type.Array(Measured),
    knownAnswers: KnownAnswers,
  },
  strict,
);

/** The keypoints that Mien reads from a detector, by the manifest's names. */
export const keypointNames = ['rightEye', 'leftEye', 'noseTip', 'mouthCentre', 'rightEar', 'leftEar'] as const;

/** Anchors of a BlazeFace: for each layer a square grid of `size` cells with `perCell` anchors at the cell's centre. */
export const DetectorNetwork = Type.Object(
  {
    role: Type.Literal('detector'),
    name: Type.String(),
    description: Type.String(),
    licence: Type.Optional(Licence),
    files: Type.Array(ModelFile, { minItems: 1 }),
    input: ModelInput,
    outputs: Type.Object({ boxes: Type.String(), scores: Type.String() }, strict),
    anchors: Type.Array(Type.Object({ size: Type.Integer(), perCell: Type.Integer() }, strict), { minItems: 1 }),
    keypoints: Type.Array(Type.String(), {
      description: "names in output order; rightEye and leftEye are the person's own right and left",
    }),
    coordinateScale: Type.Number({ description: 'raw box numbers divided by this are shares of the input side' }),
    scoreActivation: Type.Union([Type.Literal('logit'), Type.Literal('probability')], {
      description: 'logit: the score is the sigmoid of the output. probability: it is the output',
    }),
    scoreThreshold: Type.Number({ description: 'on the score as a probability' }),
    knownAnswers: KnownAnswers,
  },
  strict,
);

export const ModelManifest = Type.Object(
  {
    $schema: Type.Optional(Type.String()),
    manifestVersion: Type.Literal(1),
    name: Type.String(),
    version: Type.String(),
    networks: Type.Array(Type.Union([RecognizerNetwork, DetectorNetwork]), { minItems: 1 }),
    licence: Licence,
    data: Type.Array(Type.Object({ name: Type.String(), use: Type.String(), terms: Type.String() }, strict)),
  },
  strict,
);

export type ModelFile = Type.Static<typeof ModelFile>;
export type ModelInput = Type.Static<typeof ModelInput>;
export type CropGeometry = Type.Static<typeof CropGeometry>;
export type RecognizerNetwork = Type.Static<typeof RecognizerNetwork>;
export type DetectorNetwork = Type.Static<typeof DetectorNetwork>;
export type NetworkManifest = RecognizerNetwork | DetectorNetwork;
export type KnownAnswers = Type.Static<typeof KnownAnswers>;
export type ModelManifest = Type.Static<typeof ModelManifest>;
export type Precision = ModelFile['precision'];
