/** Which port is meant: a path, or a device on USB by what it says of itself. */
import type { ListedPort, ListPorts } from './open-port.ts';

export type PortWish = { readonly path: string } | { readonly vendorId: string; readonly productId: string; readonly serialNumber?: string };

const usb = /^usb:([0-9a-f]{4}):([0-9a-f]{4})(?::(.+))?$/i;
const expected = 'expected a device file such as /dev/ttyUSB0 or /dev/serial/by-id/..., COM3 on Windows, or usb:1a86:7523 (vendor:product, and :serial number)';

/** What is wrong with the option; nothing when it can be read. */
export function portFault(port: string): string | undefined {
  if (port === '') return `port: ${expected}. It is not set`;
  if (/^usb:/i.test(port)) return usb.test(port) ? undefined : `port: ${expected}, got "${port}"`;
  return port.startsWith('/') || /^COM\d+$/i.test(port) ? undefined : `port: ${expected}, got "${port}"`;
}

export function readPort(port: string): PortWish {
  const [, vendorId, productId, serialNumber] = usb.exec(port) ?? [];
  if (vendorId === undefined || productId === undefined) return { path: port };
  return { vendorId: vendorId.toLowerCase(), productId: productId.toLowerCase(), ...(serialNumber !== undefined && { serialNumber }) };
}

/** Says all that there is to say. */
export class PortNotFound extends Error {}

/** The path of the port. Errors: PortNotFound when none, or several, on USB that fit, with those that there are; what listing them rejects with. */
export async function findPort(port: string, list: ListPorts): Promise<string> {
  const wish = readPort(port);
  if ('path' in wish) return wish.path;
  const ports = await list();
  const fitting = ports.filter(
    ({ vendorId, productId, serialNumber }) =>
      vendorId?.toLowerCase() === wish.vendorId &&
      productId?.toLowerCase() === wish.productId &&
      (wish.serialNumber === undefined || serialNumber === wish.serialNumber),
  );
  const [only, another] = fitting;
  if (!only) throw new PortNotFound(`nothing on USB is ${port}. ${portsThereAre(ports)}`);
  if (another) {
    const serials = fitting.map(({ path, serialNumber }) => `${path} (${serialNumber ?? 'no serial number'})`);
    throw new PortNotFound(
      `several on USB are ${port}: ${serials.join(', ')}. Add the serial number, as usb:${wish.vendorId}:${wish.productId}:SERIAL, or give the path`,
    );
  }
  return only.path;
}

export function portsThereAre(ports: readonly ListedPort[]): string {
  if (ports.length === 0) return 'There is no serial port at all: is the cable plugged in?';
  const named = ports.map(({ path, vendorId, productId }) => (vendorId && productId ? `${path} (usb:${vendorId}:${productId})` : path));
  return `There ${named.length === 1 ? 'is' : 'are'} ${named.join(', ')}`;
}
