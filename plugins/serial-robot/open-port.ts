/** A serial port as this plugin uses it. The only file that knows serialport, which is loaded when a port is opened: its addon is native. */
import type { SerialPort, SerialPortMock } from 'serialport';

export interface PortSettings {
  readonly path: string;
  readonly baudRate: number;
}

export interface Port {
  readonly path: string;
  /** Resolves when the bytes are with the operating system. Rejects when the port is gone. One at a time. */
  write(bytes: Uint8Array): Promise<void>;
  /** Resolves, with the reason, when the port is gone or was closed; never rejects. */
  readonly closed: Promise<string>;
  /** What is with the system gets a moment to be sent, then it is thrown away: a robot that does not read cannot hold this up. Idempotent; resolves within a second. */
  close(reason?: string): Promise<void>;
}

export type OnData = (bytes: Uint8Array) => void;
/** Errors: as serialport gives them; port-fault.ts puts them into words. */
export type OpenPort = (settings: PortSettings, onData: OnData) => Promise<Port>;
export interface ListedPort {
  readonly path: string;
  readonly vendorId?: string | undefined;
  readonly productId?: string | undefined;
  readonly serialNumber?: string | undefined;
}
export type ListPorts = () => Promise<readonly ListedPort[]>;

const CLOSE_MS = 1000;
const DRAIN_MS = 300;

export async function openSerialPort(settings: PortSettings, onData: OnData): Promise<Port> {
  const { SerialPort } = await import('serialport');
  return openWith(SerialPort, settings, onData);
}

export async function listSerialPorts(): Promise<readonly ListedPort[]> {
  const { SerialPort } = await import('serialport');
  return SerialPort.list();
}

/** With serialport's own class, or its mock in tests. */
export async function openWith(Class: typeof SerialPort | typeof SerialPortMock, { path, baudRate }: PortSettings, onData: OnData): Promise<Port> {
  // `lock`: flock on the device file. It holds for every process and for root, and within one process as well.
  const stream = new Class({ path, baudRate, lock: true, autoOpen: false });
  const closed = Promise.withResolvers<string>();
  let closedBecause: string | undefined;
  // A write that was under way when the port went: `close` follows, and its writer is told as well.
  stream.on('error', () => {});
  stream.on('close', (fault: Error | null) => closed.resolve(closedBecause ?? `it was unplugged, or its other end is gone (${fault?.message ?? 'closed'})`));
  stream.on('data', onData);
  await new Promise<void>((resolve, reject) => stream.open((fault) => (fault ? reject(fault) : resolve())));
  return {
    path,
    closed: closed.promise,
    write: (bytes) =>
      new Promise((resolve, reject) => {
        // A stream that is closed keeps what it is given, and says nothing.
        if (!stream.isOpen) return reject(new Error('the port is closed'));
        stream.write(Buffer.from(bytes), (fault) => (fault ? reject(fault) : resolve()));
      }),
    async close(reason = 'closed') {
      closedBecause = reason;
      const finish = (): void => {
        if (stream.isOpen) stream.close(() => {});
      };
      const late = setTimeout(() => closed.resolve(reason), CLOSE_MS);
      // The system itself would wait for half a minute.
      const drained = setTimeout(() => stream.isOpen && stream.flush(finish), DRAIN_MS);
      if (stream.isOpen) stream.drain(finish);
      await closed.promise;
      clearTimeout(drained);
      clearTimeout(late);
    },
  };
}
