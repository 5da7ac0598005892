/** Node, the addon, the configuration, the port: what Mien itself is made of. */
import { isLoopback } from '../console/auth.ts';
import { MienError } from '../errors.ts';
import { type Check, fail, inConfig, ok, type Row, type Subject, warn } from './check.ts';

/** core/package.json: engines. */
const NODE = [22, 18] as const;

export const checkProgram: Check = async (subject) => [node(subject), await addon(subject), configuration(subject), await port(subject)];

function node({ machine: { node: version, arch } }: Subject): Row {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  if (major > NODE[0] || (major === NODE[0] && minor >= NODE[1])) return ok('node', version);
  return fail('node', `${version}; Mien needs ${NODE.join('.')} or newer`, `npx -p node-linux-${arch}@24 -c 'mien run', or install Node 24`);
}

async function addon({ machine }: Subject): Promise<Row> {
  try {
    return ok('addon', await machine.addon());
  } catch (fault) {
    return fail(
      'addon',
      MienError.from(fault).message,
      'node scripts/build-native.mjs in a checkout; else npm install @mien/native with a prebuild for this platform',
    );
  }
}

function configuration({ config, configPath, configFault }: Subject): Row {
  if (configFault !== undefined)
    return fail('config', configFault, configPath === undefined ? 'unset MIEN_TOKEN or correct it' : `correct it in ${configPath}`);
  const { backend, precision } = config.model;
  const says = `${config.cameras.length} camera${config.cameras.length === 1 ? '' : 's'}, model.backend ${backend}, ${precision}`;
  return ok('config', configPath === undefined ? `none given, so every default: ${says}` : `${configPath}: ${says}`);
}

async function port(subject: Subject): Promise<Row> {
  const { config, machine } = subject;
  const { host, port: number, token } = config.api;
  if (!isLoopback(host) && token === undefined) {
    return fail(
      'port',
      `api.host ${host} can be reached from other machines, and there is no token`,
      `MIEN_TOKEN="$(openssl rand -hex 24)" in the environment, or api.host: 127.0.0.1 ${inConfig(subject)}`,
    );
  }
  const refused = await machine.listen(host, number);
  if (!refused) return ok('port', `${host}:${number} is free`);
  if (refused.isMien) return ok('port', `a Mien runs at ${host}:${number}`);
  if (refused.code === 'EADDRINUSE') {
    return fail(
      'port',
      `${host}:${number} is taken by another program`,
      `api: { port: ${number + 1} } ${inConfig(subject)}; who has it: sudo ss -ltnp 'sport = :${number}'`,
    );
  }
  if (refused.code === 'EACCES') return fail('port', `${machine.user.name} may not use port ${number}`, `api: { port: 7430 } ${inConfig(subject)}`);
  if (refused.code === 'EADDRNOTAVAIL' || refused.code === 'ENOTFOUND') {
    return fail('port', `${host} is not an address of this machine`, `api: { host: 127.0.0.1 } ${inConfig(subject)}, or one of: hostname -I`);
  }
  return warn('port', `${host}:${number} cannot be tried: ${refused.code}`, `try another api.port ${inConfig(subject)}`);
}
