/** Where what is published: `<prefix>/<device>/<camera>/...`; events of the whole device lack the camera. */
import type { EventName } from '@mien/core/plugin';

export interface Sourced {
  readonly source: string;
  readonly type: string;
}

export class Topics {
  /** `<prefix>/<device>` */
  readonly base: string;

  constructor(prefix: string, device: string) {
    this.base = `${prefix}/${device}`;
  }

  get available(): string {
    return `${this.base}/available`;
  }

  event(event: Sourced): string {
    const camera = cameraOf(event);
    return `${camera === undefined ? this.base : `${this.base}/${camera}`}/event/${nameOf(event)}`;
  }

  cameraAvailable(camera: string): string {
    return `${this.base}/${camera}/available`;
  }

  state(camera: string, name: string): string {
    return `${this.base}/${camera}/state/${name}`;
  }

  motion(camera: string): string {
    return `${this.base}/${camera}/motion`;
  }

  command(name: string): string {
    return `${this.base}/command/${name}`;
  }
}

/** `urn:mien:<device>/<camera>`; undefined for events of the whole device. */
export function cameraOf({ source }: Pick<Sourced, 'source'>): string | undefined {
  const slash = source.indexOf('/');
  return slash < 0 ? undefined : source.slice(slash + 1);
}

/** `person.appeared` of `mien.person.appeared.v1`. */
export function nameOf({ type }: Pick<Sourced, 'type'>): EventName {
  return type.replace(/^mien\./, '').replace(/\.v\d+$/, '') as EventName;
}
