/** Who hears a topic through roslib, as it comes from npm: the robot's side, or a page that shows it. */
import * as roslib from 'roslib';

/** Of roslib 2.1, whose own types cannot be found under Node's rules (they import files without extensions). */
interface Roslib {
  readonly Ros: new (options: { url: string }) => { close(): void };
  readonly Topic: new (options: { ros: object; name: string; messageType: string }) => { subscribe(heard: (message: Record<string, unknown>) => void): void };
}
const { Ros, Topic } = roslib as unknown as Roslib;

export interface RobotListener extends Disposable {
  readonly heard: Array<{ readonly message: Record<string, unknown>; readonly atMs: number }>;
}

export function listenAsRobot(url: string, name: string, messageType: string): RobotListener {
  const ros = new Ros({ url });
  const listener: RobotListener = { heard: [], [Symbol.dispose]: () => ros.close() };
  new Topic({ ros, name, messageType }).subscribe((message) => void listener.heard.push({ message, atMs: performance.now() }));
  return listener;
}
