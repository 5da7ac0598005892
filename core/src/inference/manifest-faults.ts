import { keypointNames, type ModelManifest, type NetworkManifest } from './model-manifest.ts';
import { elementsPerImage, expectedOutputs } from './tensor-shape.ts';

/** What a schema cannot say: references inside the manifest that must agree. One line a fault with its path. */
export function manifestFaults(manifest: ModelManifest): string[] {
  const faults: string[] = [];
  const names = new Set<string>();
  manifest.networks.forEach((network, i) => {
    const at = `networks[${i}]`;
    if (names.has(network.name)) faults.push(`${at}.name: "${network.name}" is there twice`);
    names.add(network.name);
    faults.push(...networkFaults(network).map((fault) => `${at}.${fault}`));
  });
  return faults;
}

function networkFaults(network: NetworkManifest): string[] {
  const faults: string[] = [];
  if (network.input.scale.some((scale) => scale === 0)) faults.push('input.scale: must not be 0');
  if (network.role === 'recognizer') {
    if (network.input.width !== network.input.height) faults.push('input: a recogniser takes a square');
    const expression = network.heads.expression;
    if (expression && expression.valence.length !== expression.labels.length) {
      faults.push(`heads.expression.valence: ${expression.valence.length} numbers for ${expression.labels.length} labels`);
    }
    const years = network.heads.age?.sd.map(([at]) => at) ?? [];
    if (years.some((at, i) => i > 0 && at <= (years[i - 1] ?? 0))) faults.push('heads.age.sd: must ascend in years');
  } else {
    for (const name of keypointNames) {
      if (!network.keypoints.includes(name)) faults.push(`keypoints: "${name}" is missing`);
    }
    if (network.input.width !== network.input.height) faults.push('input: a detector takes a square');
  }
  return [...faults, ...answerFaults(network)];
}

function answerFaults(network: NetworkManifest): string[] {
  const { expected, tolerance, n, select } = network.knownAnswers;
  const faults: string[] = [];
  const outputs = expectedOutputs(network);
  for (const { path, precision, answers = precision, outputs: quantised } of network.files) {
    for (const { name, elements } of outputs) {
      const rows = expected[answers]?.[name];
      const size = select?.[name]?.length ?? elements;
      const at = `knownAnswers.expected.${answers}.${name}`;
      if (!rows) faults.push(`${at}: missing`);
      else if (rows.length !== n || rows.some((row) => row.length !== size)) faults.push(`${at}: expected ${n} rows of ${size}`);
      if (!((tolerance[answers]?.[name] ?? -1) >= 0)) {
        faults.push(`knownAnswers.tolerance.${answers}.${name}: missing or negative`);
      }
      if (select?.[name]?.some((index) => index >= elements)) faults.push(`knownAnswers.select.${name}: beyond the ${elements} elements of the output`);
      const dims = quantised?.[name]?.dims;
      if (quantised && !dims) faults.push(`files["${path}"].outputs: "${name}" is missing`);
      else if (dims && dims.reduce((product, n) => product * n, 1) !== elements)
        faults.push(`files["${path}"].outputs.${name}.dims: expected ${elements} elements`);
    }
  }
  if (elementsPerImage(network.input) < 1) faults.push('input: empty');
  return faults;
}
