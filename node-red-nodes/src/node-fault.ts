/** What a node tells Catch: `code` arrives there as `msg.error.code`. */
export type NodeFaultCode =
  /** The dialog names no host, or one that was deleted or disabled. */
  | 'HOST_MISSING'
  /** The host is starting, lost, failed or stopped; the message says which, and what to do. */
  | 'HOST_UNAVAILABLE'
  /** A property of the message or of the dialog is not what it should be. */
  | 'INPUT_INVALID'
  /** More bytes than Mien takes. */
  | 'IMAGE_TOO_LARGE'
  /** Mien did not answer in time. */
  | 'TIMEOUT'
  /** Refused, because too many messages wait. */
  | 'BUSY'
  | 'INTERNAL';

export class NodeFault extends Error {
  readonly code: NodeFaultCode;

  constructor(code: NodeFaultCode, message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.name = 'NodeFault';
    this.code = code;
  }
}

/**
 * An error with an own `code`, whatever was thrown; ask for that and not for its class: the client of a host is of another bundle, with classes of its own.
 * One of Mien's client keeps its own, but that a host is gone has one code, found out late or early.
 */
export function faultOf(thrown: unknown): Error & { code: string } {
  if (thrown instanceof Error) {
    const coded = thrown as Error & { code?: unknown };
    if (coded.code === 'UNREACHABLE') return new NodeFault('HOST_UNAVAILABLE', coded.message, { cause: thrown });
    if (typeof coded.code === 'string') return coded as Error & { code: string };
    if (coded.name === 'TimeoutError') return new NodeFault('TIMEOUT', 'Mien did not answer in time', { cause: thrown });
    return Object.assign(thrown, { code: 'INTERNAL' });
  }
  return new NodeFault('INTERNAL', String(thrown), { cause: thrown });
}
