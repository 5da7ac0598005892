/** wss://: certificates that are good, and those that are not. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { suite } from 'uvu';
import { makeCertificate, requireOpenssl } from '../../../support/certificates.ts';
import { patienceMs, TemporaryFolder } from '../../../support/plugin-host.ts';
import { until } from '../../../support/processes.ts';
import { connectRosbridge } from '../../../support/rosbridge-client.ts';
import { openRosbridgeRelay } from '../../../support/rosbridge-relay.ts';

requireOpenssl();
const test = suite('ros-bridge: TLS');

test('wss://: nobody known signed it, its authority is given as a file that comes later, or as text; ws:// and wss:// are told apart', async () => {
  using folder = new TemporaryFolder();
  const certificate = makeCertificate(folder.path, 'valid');
  const file = join(folder.path, 'later.pem');
  await using relay = await openRosbridgeRelay({ certificate });
  {
    await using one = connectRosbridge(relay.url);
    await one.says(/signed by itself: put it into the option ca \(DEPTH_ZERO_SELF_SIGNED_CERT\)/);
  }
  {
    await using one = connectRosbridge(relay.url, { ca: file });
    await one.says(/ca: there is no file .*later\.pem/);
    writeFileSync(file, 'no certificate');
    await one.says(/ca: .*later\.pem: not a certificate in PEM/);
    writeFileSync(file, certificate.cert);
    await until('it is connected', patienceMs, () => relay.told.length === 1);
  }
  {
    await using _ = connectRosbridge(relay.url, { ca: certificate.cert });
    await until('it is connected', patienceMs, () => relay.told.length === 2);
  }
  const expired = makeCertificate(folder.path, 'expired', { untilDate: '20200102000000Z' });
  await using old = await openRosbridgeRelay({ certificate: expired });
  await using open = await openRosbridgeRelay();
  for (const [url, ca, pattern] of [
    [old.url, expired.cert, /the certificate of the robot has expired/],
    [open.url.replace('ws:', 'wss:'), '', /no TLS on that port: is it ws:\/\/ instead/],
    [relay.url.replace('wss:', 'ws:'), '', /it hung up before it answered: does the port expect TLS/],
  ] as const) {
    await using one = connectRosbridge(url, { ca });
    await one.says(pattern);
  }
});

test.run();
