import { definePlugin, Type } from '@mien/core/plugin';
import { pemFaults } from '../shared/pem.ts';
import { messageTypes } from './hri-msgs.ts';
import { Humans } from './humans.ts';
import { Rosbridge } from './rosbridge.ts';

const expressions = Object.values(messageTypes['hri_msgs/Expression'].constants);
/** A name of ROS 1 and ROS 2 alike. */
const rosName = /^(\/[A-Za-z](_?[A-Za-z0-9])*)+$/;

export default definePlugin({
  name: 'ros-bridge',
  apiVersion: 1,
  description: 'Tells a ROS robot who is before it, as ROS4HRI topics through rosbridge.',
  needs: ['person.presence'],
  // Each brings topics, or fields, of its own.
  wants: ['person.position', 'person.quality', 'person.age', 'person.gender', 'person.expression', 'person.attention'],
  options: Type.Object({
    url: Type.String({ default: 'ws://127.0.0.1:9090', description: 'of the rosbridge of the robot, as ws://robot:9090' }),
    ca: Type.String({
      contentMediaType: 'application/x-pem-file',
      default: '',
      description: 'for wss://, certificate of your own authority: the path of a PEM file, or its text; empty: the public ones',
    }),
    ros: Type.Enum([2, 1], { default: 2, description: 'which ROS the robot runs' }),
    namespace: Type.String({ default: '/humans', description: 'where the topics are; ROS4HRI has /humans' }),
    frameId: Type.String({ default: '', description: 'frame_id of the headers; empty: the name of the camera' }),
    everyMs: Type.Integer({ default: 100, minimum: 20, maximum: 10_000, description: 'between two looks at the people of a camera' }),
    negativeAs: Type.Enum(['', ...expressions], {
      default: '',
      description: 'which expression of ROS4HRI stands for an unpleasant one, of which it has several; empty: none, only the valence says so',
    }),
  }),
  checkOptions: ({ url, ca, namespace }) => {
    const parsed = URL.parse(url);
    const faults = pemFaults('ca', ca, 'certificate');
    if (!parsed || !/^wss?:$/.test(parsed.protocol)) faults.push('url: expected an address that begins with ws:// or wss://, as ws://robot:9090');
    else if (parsed.username || parsed.password || parsed.hash) faults.push('url: leave out user, password and what begins with #: rosbridge knows none');
    if (!rosName.test(namespace)) faults.push(`namespace: expected a name of ROS, as /humans, got ${JSON.stringify(namespace)}`);
    return faults;
  },
  setup(context, { url, ca, ros, namespace, frameId, everyMs, negativeAs }) {
    const rosbridge = new Rosbridge({ url: new URL(url), ca, log: context.log, onConnected: () => humans.tellAll() });
    const humans = new Humans({ ros, namespace, frameId, negativeAs }, rosbridge);
    context.onPeople((people, camera) => humans.see(people, camera), { everyMs });
    context.command(`${context.name}.status`, Type.Object({}), () => ({ ...rosbridge.status, people: humans.count, skippedFrames: humans.skipped }));
    context.defer(async () => {
      humans.clear();
      await rosbridge.close();
    });
    rosbridge.start();
  },
});
