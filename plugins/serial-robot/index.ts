/** Tells a robot on a serial port who is there, and lets it ask and command. */
import { definePlugin, MienError, Type } from '@mien/core/plugin';
import { createEventMessages } from './event-messages.ts';
import { listSerialPorts, openSerialPort } from './open-port.ts';
import { grantsMissing, Options, optionFaults } from './options.ts';
import { RareLog } from './rare-log.ts';
import { Robot } from './robot.ts';
import { createRobotLines } from './robot-lines.ts';
import { watchSight } from './sight-watch.ts';

export default definePlugin({
  name: 'serial-robot',
  apiVersion: 1,
  description: 'Tells a robot on a serial port who is there; it may ask, and run commands.',
  needs: ['person.presence', 'device.health'],
  wants: ['person.position', 'person.age', 'person.gender', 'person.expression', 'person.attention'],
  options: Options,
  checkOptions: optionFaults,
  setup(context, options) {
    const { log } = context;
    const rare = new RareLog(log);
    const missing = options.format === 'lines' ? grantsMissing(options, context.grants) : [];
    if (missing.length > 0) log.warn({ missing }, `lines use fields that are not granted: what stands behind their bar is said. Grant ${missing.join(', ')}`);

    const lines = createRobotLines({
      commands: options.commands,
      people: () => context.service('people').current(),
      status: () => `STATUS ${robot.silence ?? 'ok'} ${words(robot.counts)}`,
      run: (command, input) => context.run(command, input),
      say: (...messages) => robot.say(...messages),
      rare,
    });
    const robot = new Robot({ options, log, rare, openPort: openSerialPort, listPorts: listSerialPorts, heard: lines.heard });
    context.defer(() => robot[Symbol.asyncDispose]());

    const messages = createEventMessages(options);
    for (const name of messages.names) {
      context.on(name, (data) => {
        for (const event of messages.of(name, data, performance.now())) robot.tell(event);
      });
    }
    void watchSight(context, {
      ...options.safeStop,
      miss: (what, reason, said) => robot.miss(what, reason, said),
      found: (what) => robot.found(what),
    });

    const refused = (): MienError =>
      new MienError('SERVICE_UNAVAILABLE', `the robot cannot be told now: ${robot.silence ?? 'too much waits already, try again later'}`);
    // By its name in mien.yaml: a second robot has commands of its own.
    context.command(`${context.name}.send`, Type.Object({ text: Type.String({ minLength: 1, maxLength: 400 }) }), ({ text }) => {
      if (!robot.say({ kind: 'text', text })) throw refused();
      return { waiting: robot.pending.size };
    });
    context.command(`${context.name}.stop`, Type.Object({}), () => {
      if (!robot.stop()) throw refused();
      return { told: true };
    });
    context.command(`${context.name}.status`, Type.Object({}), () => ({
      port: robot.path ?? null,
      silence: robot.silence ?? null,
      ...robot.counts,
      heard: lines.counts,
    }));
    robot.start();
  },
});

function words(counts: object): string {
  return Object.entries(counts)
    .map(([name, count]) => `${name}=${count}`)
    .join(' ');
}
