/** An event as an HTTP message: CloudEvents' HTTP protocol binding 1.0.2. */

/** An event as it came, of whatever grants. */
export interface CloudEvent {
  readonly id: string;
  readonly source: string;
  readonly type: string;
  readonly datacontenttype: string;
  readonly data: object;
}

export interface Message {
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
}

export function formMessage(event: CloudEvent, mode: 'structured' | 'binary'): Message {
  if (mode === 'structured') return { headers: { 'content-type': 'application/cloudevents+json; charset=utf-8' }, body: Buffer.from(JSON.stringify(event)) };
  const { data, datacontenttype, ...attributes } = event;
  const headers = Object.entries(attributes).map(([name, value]) => [`ce-${name}`, encoded(String(value))]);
  return { headers: { ...Object.fromEntries(headers), 'content-type': datacontenttype }, body: Buffer.from(JSON.stringify(data)) };
}

/** Section 3.1.3.2: what is not printable ASCII, and space, double quote and percent, as percent-encoded UTF-8. */
export function encoded(value: string): string {
  return value
    .toWellFormed()
    .replace(/[^\x21-\x7e]|["%]/gu, (character) => [...Buffer.from(character)].map((byte) => `%${byte.toString(16).toUpperCase().padStart(2, '0')}`).join(''));
}
