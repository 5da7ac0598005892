/** A call that Mien refused or could not answer. `status` is 0 when nothing answered at all. */
export class ClientError extends Error {
  readonly code: string;
  readonly status: number;

  constructor(code: string, message: string, status: number, options?: { cause?: unknown }) {
    super(message, options);
    this.name = 'ClientError';
    this.code = code;
    this.status = status;
  }
}
