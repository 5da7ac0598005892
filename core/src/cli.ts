/** The command `mien`. Each command loads its own parts, so that `--help` is quick and small. */
import { readFileSync } from 'node:fs';
import { setFlagsFromString } from 'node:v8';
import { Command, CommanderError } from 'commander';
import { ClientError } from './client-error.ts';
import { MienError } from './errors.ts';

const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as { version: string };

const collect = (value: string, previous: string[] = []): string[] => [...previous, value];

function integer(name: string, minimum: number) {
  return (value: string): number => {
    const number = Number(value);
    if (!Number.isInteger(number) || number < minimum) {
      throw new MienError('OPTION_UNKNOWN', `${name} expects a whole number of at least ${minimum}, not "${value}"`);
    }
    return number;
  };
}

/**
 * For a host that runs for months: its garbage is little and short-lived, and a young generation that never grows keeps it 20 MB smaller, at no
 * cost that shows. Before its modules are loaded, since loading them makes the young generation grow.
 */
function keepHeapSmall(): void {
  setFlagsFromString('--semi-space-growth-factor=1');
}

function createProgram(): Command {
  const program = new Command('mien')
    .description('Sees who stands before a robot or a kiosk and turns it into events, on this device.')
    .version(version)
    .showHelpAfterError('(run with --help for every option)')
    .showSuggestionAfterError()
    .exitOverride();

  const command = (spec: string, description: string) => program.command(spec).description(description);

  command('run', 'watch the cameras and emit events; the bundled clip when no camera is named')
    .option('-c, --config <mien.yaml>', 'configuration file')
    .option('--camera <source>', 'clip, a video file, /dev/videoN, rtsp://...; name=source names it; may be repeated', collect)
    .option('--once', 'play files and the clip once, as fast as they can be read, then end')
    .option('--safe', 'without plugins and modules; with the configuration that last ran well where the present one is faulty')
    .option('--json', 'print one CloudEvent as JSON per line on stdout')
    .option('--host <address>', 'address of the console and API (loopback by default)')
    .option('--port <number>', 'port of the console and API, 0 for any', integer('--port', 0))
    .option('--precision <int8|fp32>', 'which network of the release runs')
    .option('--detector <name>', 'which detector of the release runs')
    .option('--log-level <level>', 'silent, error, warn, info, debug or trace')
    .action(async (options) => {
      keepHeapSmall();
      await (await import('./cli/run.ts')).run(options);
    });

  command('analyze <inputs...>', 'measure the faces in pictures: files, folders, globs, or - for standard input')
    .option('-c, --config <mien.yaml>', 'configuration file')
    .option('--json', 'one JSON object per input on stdout')
    .option('--crop', 'each picture is one aligned square crop: no detection, exactly one face')
    .option('--as-person', "withhold what the quality gate, abstention and the minors' rule would withhold in an event")
    .option('--annotate <out.jpg>', 'write the picture with boxes drawn (one input) or into this folder (several)')
    .option('--precision <int8|fp32>', 'which network of the release runs')
    .option('--detector <name>', 'which detector of the release runs')
    .action(async (inputs, options) => (await import('./cli/analyze.ts')).analyze(inputs, options));

  command('doctor', 'look whether this machine has what Mien needs, and say how to mend what is missing')
    .option('-c, --config <mien.yaml>', 'configuration file; every default without it')
    .option('--json', 'as one JSON object')
    .action(async (options) => (await import('./cli/doctor.ts')).doctor(options));

  command('bench', 'measure this machine: pipeline against bare model time, kernels, memory, event loop')
    .option('--json', 'print the numbers as one JSON object')
    .option('--frames <number>', 'frames of the memory run; 5500 for the full figure, few for a quick look', integer('--frames', 20), 1500)
    .option('--plugins', 'measure what plugins cost instead: latency to their handlers, CPU of the host')
    .option('--npu <simulated>', 'measure what Mien adds to the NPU instead, and how much of its cores it reaches')
    .option('--table6', "the paper's Table 6 on the NPU of this board; with --npu simulated on the simulated one")
    .option('--seconds <number>', 'how long --plugins and each row of --table6 measure', integer('--seconds', 1), 60)
    .action(async (options) => (await import('./cli/bench.ts')).bench(options));

  const model = command('model', 'look at model releases');
  model
    .command('list')
    .description('the networks of a release')
    .option('--release <folder>', 'folder with model.json; the installed release by default')
    .option('--json', 'as JSON')
    .action(async (options) => (await import('./cli/model.ts')).modelList(options));
  model
    .command('info')
    .argument('[name]', 'a network; the recogniser by default')
    .description('what the manifest says of a network')
    .option('--release <folder>', 'folder with model.json; the installed release by default')
    .option('--json', 'as JSON')
    .action(async (name, options) => (await import('./cli/model.ts')).modelInfo(name, options));
  model
    .command('verify')
    .description('check hashes, load every file on this machine and compare with the known answers')
    .option('--release <folder>', 'folder with model.json; the installed release by default')
    .option('--json', 'as JSON')
    .action(async (options) => (await import('./cli/model.ts')).modelVerify(options));
  model
    .command('tune')
    .description("measure how the networks are best laid over the NPU's cores, and write it into the configuration (npu.layouts)")
    .option('-c, --config <mien.yaml>', 'configuration file', 'mien.yaml')
    .option('--seconds <number>', 'how long all layouts together are measured', integer('--seconds', 1), 21)
    .option('--faces <number>', 'faces in each frame', integer('--faces', 1), 2)
    .option('--dry-run', 'measure only')
    .option('--json', 'as one JSON object')
    .action(async (options) => (await import('./cli/model-tune.ts')).modelTune(options));

  const plugin = command('plugin', 'make, add, test and look at plugins');
  const configuration = ['-c, --config <mien.yaml>', 'configuration file', 'mien.yaml'] as const;
  plugin
    .command('create <name>')
    .description('a new plugin in TypeScript, with a test that passes')
    .option('--dir <folder>', 'where; a folder of its name by default')
    .action(async (name, options) => (await import('./cli/plugin-create.ts')).pluginCreate(name, options));
  plugin
    .command('dev <path>')
    .description('run a plugin among virtual people, loaded anew whenever its code changes')
    .option('--scenario <scenario.yaml>', 'who comes; one who comes, looks, smiles and leaves by default')
    .option('-c, --config <mien.yaml>', 'its options and the other settings; the mien.yaml beside the plugin by default')
    .option('--events', 'print every event as well')
    .option('--port <number>', 'port of the console and API, 0 for any', integer('--port', 0), 7430)
    .option('--log-level <level>', 'silent, error, warn, info, debug or trace')
    .action(async (path, options) => (await import('./cli/plugin-dev.ts')).pluginDev(path, options));
  plugin
    .command('test <path>')
    .description('how a plugin behaves: starts, stops, bad options, nothing left behind')
    .option('--options <json>', 'options to start it with; its defaults otherwise')
    .option('--json', 'as JSON')
    .action(async (path, options) => (await import('./cli/plugin-test.ts')).pluginTest(path, options));
  plugin
    .command('add <plugin>')
    .description('put a plugin (package, file or folder) into the configuration, after saying what it needs; a missing package is installed with npm')
    .option(...configuration)
    .option('--as <name>', 'its name in the configuration; its own by default')
    .option('-y, --yes', 'grant what it needs, and install it, without asking')
    .option('--wants', 'grant also what is optional, without asking')
    .action(async (from, options) => (await import('./cli/plugin-add.ts')).pluginAdd(from, options));
  plugin
    .command('remove <name>')
    .description('take a plugin out of the configuration')
    .option(...configuration)
    .action(async (name, options) => (await import('./cli/plugin-edit.ts')).pluginRemove(name, options));
  for (const [word, enabled] of [
    ['enable', true],
    ['disable', false],
  ] as const) {
    const change = plugin.command(`${word} <name>`).option(...configuration);
    change.description(enabled ? 'enable a plugin of the configuration, and end its quarantine' : 'disable a plugin of the configuration');
    if (enabled) {
      change.option('--url <address>', 'the Mien that runs; at the address of the configuration by default');
      change.option('--token <token>', 'its token (or MIEN_TOKEN)');
    }
    change.action(async (name, options) => (await import('./cli/plugin-edit.ts')).pluginEnable(name, enabled, options));
  }
  plugin
    .command('list')
    .description('the plugins of the configuration, and those that are installed')
    .option(...configuration)
    .option('--url <address>', 'ask the Mien that runs there how they are')
    .option('--token <token>', 'its token (or MIEN_TOKEN)')
    .option('--json', 'as JSON')
    .action(async (options) => (await import('./cli/plugin-list.ts')).pluginList(options));
  plugin
    .command('info <plugin>')
    .description('what a plugin (name, package, file or folder) needs, its options, and what it cannot do')
    .option(...configuration)
    .option('--json', 'as JSON')
    .action(async (name, options) => (await import('./cli/plugin-info.ts')).pluginInfo(name, options));

  command('events', 'print the events of a running Mien')
    .option('--url <address>', 'where it runs', 'http://127.0.0.1:7430')
    .option('--token <token>', 'its token (or MIEN_TOKEN)')
    .option('--follow', 'stay and print what comes')
    .option('--json', 'one CloudEvent as JSON per line')
    .option('--type <type>', 'only this type, as person.appeared; may be repeated', collect)
    .action(async (options) => (await import('./cli/events.ts')).events(options));

  command('mcp', 'MCP on stdin and stdout, for language models that start it: who is here, from the plugin dialogue of a running Mien')
    .option('--url <address>', 'where it runs, on this machine', 'http://127.0.0.1:7430')
    .option('--token <token>', 'its token (or MIEN_TOKEN)')
    .action(async (options) => (await import('./cli/mcp.ts')).mcp(options));

  command('record <out.mientape>', 'record what moves people: positions and readings of faces with their times, no pictures')
    .option('-c, --config <mien.yaml>', 'configuration file')
    .option('--camera <source>', 'as for run; may be repeated', collect)
    .option('--scenario <scenario.yaml>', 'virtual people in place of cameras, until they have left')
    .option('--seconds <number>', 'end after so long', integer('--seconds', 1))
    .option('--once', 'play files, the clip or the scenario once, as fast as it can be, then end')
    .option('--force', 'write over a file that exists')
    .action(async (path, options) => (await import('./cli/record.ts')).record(path, options));

  command('replay <tape.mientape>', 'play a tape to the same events, byte for byte')
    .option('--speed <number|max>', '1 as it happened, 10 ten times as fast, max as fast as it can be read', '1')
    .option('--json', 'print one CloudEvent as JSON per line on stdout')
    .option('-c, --config <mien.yaml>', "other settings than the tape's: other events, to see what a setting does")
    .option('--host <address>', 'address of the console and API (loopback by default)')
    .option('--port <number>', 'play it in the full host, with console, API and plugins, at this port; 0 for any', integer('--port', 0))
    .action(async (path, options) => (await import('./cli/replay.ts')).replay(path, options));

  command('simulate [scenario.yaml]', 'run with virtual people in place of cameras; one who comes, looks, smiles and leaves when no scenario is named')
    .option('-c, --config <mien.yaml>', 'configuration file')
    .option('--speed <number|max>', '1 as in life, 10 ten times as fast; max as fast as it can be worked on (with --once, where it is the default)')
    .option('--once', 'play the scenario once, then end')
    .option('--json', 'print one CloudEvent as JSON per line on stdout')
    .option('--host <address>', 'address of the console and API (loopback by default)')
    .option('--port <number>', 'port of the console and API, 0 for any', integer('--port', 0))
    .option('--log-level <level>', 'silent, error, warn, info, debug or trace')
    .action(async (path, options) => (await import('./cli/simulate.ts')).simulate(path, options));

  command('calibrate', 'measure the distance factor of a camera once, with a person at a known distance')
    .option('-c, --config <mien.yaml>', 'configuration file; the factor is written into it', 'mien.yaml')
    .option('--camera <name>', 'camera of the configuration; the first by default')
    .option('--at <metres>', 'where the person stands', Number, 1)
    .option('--seconds <number>', 'how long to measure', Number, 10)
    .action(async (options) => (await import('./cli/calibrate.ts')).calibrate(options));

  for (const each of [program, ...program.commands, ...model.commands, ...plugin.commands]) each.exitOverride().showSuggestionAfterError();
  return program;
}

/** Exit codes: 0 fine, 1 some inputs or the run failed, 2 the command was not understood. */
export async function main(argv: readonly string[]): Promise<number> {
  try {
    await createProgram().parseAsync([...argv], { from: 'user' });
    return Number(process.exitCode ?? 0);
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
    const fault = MienError.from(error);
    const refused = error instanceof ClientError;
    const code: string = refused ? error.code : fault.code;
    const usage = code === 'OPTION_UNKNOWN' || code === 'CONFIG_INVALID';
    process.stderr.write(`mien: ${fault.message}\n`);
    if (code === 'INTERNAL' && !refused) process.stderr.write(`${fault.cause instanceof Error ? fault.cause.stack : fault.stack}\n`);
    return usage ? 2 : 1;
  }
}

// A reader that has had enough (`mien ... | head`) ends the command quietly; a full disk behind stdout ends it with the reason.
process.stdout.on('error', (fault: NodeJS.ErrnoException) => {
  const isEnough = fault.code === 'EPIPE';
  if (!isEnough) process.stderr.write(`mien: standard output cannot be written: ${fault.message}\n`);
  process.exit(isEnough ? 0 : 1);
});
// Nobody reads what Mien says beside its output: that is no reason to stop.
process.stderr.on('error', () => {});

// The arguments may hold a camera's password: they are taken out of the process list.
const words = process.argv.slice(2);
process.title = 'mien';
process.exitCode = await main(words);
