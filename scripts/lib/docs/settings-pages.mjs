import { schemaTable } from './schema-table.mjs';

const heads = ['name', 'type', 'default', 'meaning'];

/** One table for what stands at the top, then one for each part. */
function settings(schema, named) {
  const top = {};
  const parts = [];
  for (const [name, property] of Object.entries(schema.properties)) {
    const each = Object.values(property.patternProperties ?? {})[0];
    if (property.properties) parts.push([name, property, `${name}.`]);
    else if (property.items?.properties) parts.push([`${name}[]`, { ...property.items, description: property.description }, `${name}[].`]);
    else if (each?.properties) parts.push([`${name}.<name>`, { ...each, description: property.description }, `${name}.<name>.`]);
    else top[name] = property;
  }
  const sections = parts.map(
    ([name, part, path]) => `## \`${name}\`\n\n${part.description ? `${part.description}\n\n` : ''}${schemaTable(part, heads, { path, named })}`,
  );
  return [schemaTable({ properties: top, required: schema.required }, heads, { named }), ...sections].join('\n\n');
}

export const configPage = ({ Config, grantsIn }) => `# Settings: mien.yaml

Every part may be left out. Names that are not listed here are refused with the nearest known one; all faults are told at once, with their paths.
Paths that begin with \`./\` or \`../\` mean the folder of the file, wherever Mien was started; so do the others of \`stateFolder\`, \`pluginFolder\`,
\`npu.library\` and \`allow\`.

${settings(Config, grantsIn('plugin-api.md'))}
`;

export const scenarioPage = ({ Scenario, greetingScenario }) => `# Scenarios: virtual people

For \`mien simulate scenario.yaml\` and the body of \`POST /v1/simulate\`. Everything after sight is the real code; events say \`simulated: true\`.
What is played when no file is named, as JSON:

\`\`\`json
${JSON.stringify(greetingScenario, null, 2)}
\`\`\`

${settings(Scenario)}
`;
