/** Everybody at a camera: once a second, or at the rate of its frames to a broker nearby. Not retained, QoS 0, the newest only. */
import type { Broker } from './broker.ts';
import type { Context } from './grants.ts';
import { isNearby } from './local-address.ts';
import type { Options } from './options.ts';
import type { Topics } from './topics.ts';

const PERIOD_MS = 1000;

export function openStreams(context: Context, broker: Broker, topics: Topics, { send, url }: Options): void {
  // The next snapshot of a camera comes when the last is written: a slow broker gets fewer.
  const publish = async (topic: string, camera: string, people: readonly object[]): Promise<void> => {
    if (!broker.isConnected) return;
    const payload = JSON.stringify({ camera, time: new Date().toISOString(), people });
    await broker.publish({ topic, payload, qos: 0, retain: false, once: true, signal: context.signal }).catch(() => {});
  };
  if (send.periodic) context.onPeople((people, camera) => publish(topics.state(camera, 'snapshot'), camera, people), { everyMs: PERIOD_MS });
  if (!send.motion) return;

  const { hostname } = new URL(url);
  let isAllowed = send.motionAnywhere;
  let wasTold = false;
  // Asked again for each connection: a name may lead elsewhere tomorrow.
  const look = async (): Promise<void> => {
    isAllowed = send.motionAnywhere || (await isNearby(hostname));
    if (isAllowed || wasTold) return;
    wasTold = true;
    context.log.error({ broker: hostname }, 'motion is not sent: the broker is outside of this machine and its private network. send.motionAnywhere allows it');
  };
  broker.onLost(() => {
    isAllowed = send.motionAnywhere;
  });
  broker.onConnected(() => void look());
  context.onPeople(async (people, camera) => {
    if (isAllowed) await publish(topics.motion(camera), camera, people);
  });
}
