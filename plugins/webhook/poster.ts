import { type Agent, Agent as HttpAgent, request as httpRequest, type IncomingMessage } from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https';
import type { Message } from './message.ts';

export interface Answer {
  readonly status: number;
  readonly retryAfter: string | undefined;
  readonly location: string | undefined;
  /** Beginning of the body, in one line: often it says what was wrong. */
  readonly text: string;
}

export interface PosterOptions {
  readonly url: URL;
  /** For one attempt as a whole. */
  readonly timeoutMs: number;
  /** PEM. */
  readonly ca?: string;
}

/** So much of an answer is read; a server that goes on is hung up on. */
const longestAnswerBytes = 65_536;
const shownCharacters = 200;

/** Posts messages over connections of its own, which end with `close`. Redirects are not followed. */
export class Poster {
  readonly #url: URL;
  readonly #timeoutMs: number;
  readonly #agent: Agent;

  constructor({ url, timeoutMs, ca }: PosterOptions) {
    this.#url = url;
    this.#timeoutMs = timeoutMs;
    this.#agent = url.protocol === 'https:' ? new HttpsAgent({ keepAlive: true, ...(ca !== undefined && { ca }) }) : new HttpAgent({ keepAlive: true });
  }

  close(): void {
    this.#agent.destroy();
  }

  /** Resolves with any answer that came whole, or is long enough. Rejects with an Error that says what went wrong, also when aborted. */
  async post(message: Message, signal: AbortSignal): Promise<Answer> {
    const timeout = AbortSignal.timeout(this.#timeoutMs);
    const either = AbortSignal.any([signal, timeout]);
    try {
      return await this.#attempt(message, either, true);
    } catch (fault) {
      if (timeout.aborted) throw new Error(`no whole answer within ${this.#timeoutMs} ms`);
      throw new Error(faultWords(fault as NodeJS.ErrnoException), { cause: fault });
    }
  }

  #attempt(message: Message, signal: AbortSignal, mayRepeat: boolean): Promise<Answer> {
    const send = this.#url.protocol === 'https:' ? httpsRequest : httpRequest;
    const headers = { ...message.headers, 'content-length': message.body.length };
    return new Promise((resolve, reject) => {
      const request = send(this.#url, { method: 'POST', agent: this.#agent, headers, signal }, (response) => readAnswer(response).then(resolve, reject));
      request.on('error', (fault: NodeJS.ErrnoException) => {
        // The server closed a connection that had been idle: that says nothing of this event.
        if (mayRepeat && request.reusedSocket && (fault.code === 'ECONNRESET' || fault.code === 'EPIPE')) resolve(this.#attempt(message, signal, false));
        else reject(fault);
      });
      request.end(message.body);
    });
  }
}

async function readAnswer(response: IncomingMessage): Promise<Answer> {
  let length = 0;
  const beginning: Buffer[] = [];
  for await (const chunk of response as AsyncIterable<Buffer>) {
    if (length < shownCharacters * 4) beginning.push(chunk);
    length += chunk.length;
    if (length > longestAnswerBytes) break;
  }
  const { 'retry-after': retryAfter, location } = response.headers;
  const text = Buffer.concat(beginning).toString('utf8').replace(/\s+/g, ' ').trim().slice(0, shownCharacters);
  return { status: response.statusCode ?? 0, retryAfter, location, text };
}

const words: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'nobody listens there: is the server running, and the port right?',
  ENOTFOUND: 'there is no host of that name',
  EAI_AGAIN: 'the name of the host cannot be looked up: is there a network?',
  ECONNRESET: 'the server hung up',
  EPIPE: 'the server hung up',
  CERT_HAS_EXPIRED: 'the certificate of the server has expired: it must be renewed there',
  ERR_TLS_CERT_ALTNAME_INVALID: 'the certificate of the server is for another name than the one in url',
  DEPTH_ZERO_SELF_SIGNED_CERT: 'the certificate of the server is signed by nobody known: give it in the option ca',
  SELF_SIGNED_CERT_IN_CHAIN: 'the certificate of the server is signed by nobody known: give the one of its authority in the option ca',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'the certificate of the server is signed by nobody known: give the one of its authority in the option ca',
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: 'the certificate of the server is signed by nobody known: give the one of its authority in the option ca',
  ERR_SSL_WRONG_VERSION_NUMBER: 'the server does not speak TLS: is it http:// instead?',
};

function faultWords(fault: NodeJS.ErrnoException): string {
  const { code = '' } = fault;
  const said = Object.hasOwn(words, code) ? `${words[code]} (${code})` : fault.message || code;
  return said || String(fault);
}
