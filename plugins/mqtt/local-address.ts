/** Whether a host is on this machine or in its private network: people's movements at frame rate are to stay there. */
import { lookup } from 'node:dns/promises';
import { BlockList, isIP } from 'node:net';

const near = new BlockList();
for (const [address, bits] of [
  ['127.0.0.0', 8],
  ['10.0.0.0', 8],
  ['172.16.0.0', 12],
  ['192.168.0.0', 16],
  ['169.254.0.0', 16],
] as const)
  near.addSubnet(address, bits, 'ipv4');
near.addAddress('::1', 'ipv6');
near.addSubnet('fc00::', 7, 'ipv6');
near.addSubnet('fe80::', 10, 'ipv6');

/** `host` as in a URL. False when any of its addresses is elsewhere, or the name cannot be looked up. */
export async function isNearby(host: string): Promise<boolean> {
  const bare = host.replace(/^\[|\]$/g, '');
  if (isIP(bare) !== 0) return isNear(bare);
  try {
    const all = await lookup(bare, { all: true });
    return all.length > 0 && all.every(({ address }) => isNear(address));
  } catch {
    return false;
  }
}

function isNear(address: string): boolean {
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address)?.[1] ?? address;
  return near.check(mapped, isIP(mapped) === 6 ? 'ipv6' : 'ipv4');
}
