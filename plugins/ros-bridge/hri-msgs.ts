/**
 * The messages that are published, as lists of their fields and constants. Read from ros4hri/hri_msgs: the ROS 2 branch at commit 52bdab7 (0.8.0, the
 * port to ROS 2; docs.ros.org shows the same Expression for Humble's 2.x) and the ROS 1 branch at af93296 (0.9.0), which have the same fields. Topics as in
 * REP-155 (ros-infrastructure/rep at 9c0d372) and as libhri subscribes to them (ros4hri/libhri at a34a3bb): where the two differ, in the type of `roi`,
 * libhri is followed, as its ROS 1 release does too.
 */
export interface MessageType {
  /** In the order of the definition: name and type. */
  readonly fields: Readonly<Record<string, FieldType>>;
  readonly constants?: Readonly<Record<string, string | number>>;
}
export type FieldType = 'Header' | 'string' | 'string[]' | 'bool' | 'uint8' | 'float32';

export const messageTypes = {
  'hri_msgs/IdsList': { fields: { header: 'Header', ids: 'string[]' } },
  'hri_msgs/NormalizedRegionOfInterest2D': {
    fields: { header: 'Header', xmin: 'float32', ymin: 'float32', xmax: 'float32', ymax: 'float32', c: 'float32' },
  },
  'hri_msgs/SoftBiometrics': {
    fields: { header: 'Header', age: 'uint8', age_confidence: 'float32', gender: 'uint8', gender_confidence: 'float32' },
    constants: { UNDEFINED: 0, FEMALE: 1, MALE: 2, OTHER: 3 },
  },
  'hri_msgs/Expression': {
    fields: { header: 'Header', expression: 'string', valence: 'float32', arousal: 'float32', confidence: 'float32' },
    constants: {
      ...{ NEUTRAL: 'neutral', ANGRY: 'angry', SAD: 'sad', HAPPY: 'happy', SURPRISED: 'surprised', DISGUSTED: 'disgusted', SCARED: 'scared' },
      ...{ PLEADING: 'pleading', VULNERABLE: 'vulnerable', DESPAIRED: 'despaired', GUILTY: 'guilty', DISAPPOINTED: 'disappointed' },
      ...{ EMBARRASSED: 'embarrassed', HORRIFIED: 'horrified', SKEPTICAL: 'skeptical', ANNOYED: 'annoyed', FURIOUS: 'furious' },
      ...{ SUSPICIOUS: 'suspicious', REJECTED: 'rejected', BORED: 'bored', TIRED: 'tired', ASLEEP: 'asleep', CONFUSED: 'confused' },
      ...{ AMAZED: 'amazed', EXCITED: 'excited' },
    },
  },
  'hri_msgs/EngagementLevel': {
    fields: { header: 'Header', level: 'uint8' },
    constants: { UNKNOWN: 0, DISENGAGED: 1, ENGAGING: 2, ENGAGED: 3, DISENGAGING: 4 },
  },
  'hri_msgs/Gaze': { fields: { header: 'Header', sender: 'string', receiver: 'string' } },
  'std_msgs/String': { fields: { data: 'string' } },
  'std_msgs/Bool': { fields: { data: 'bool' } },
  'std_msgs/Float32': { fields: { data: 'float32' } },
} as const satisfies Record<string, MessageType>;

export type MessageName = keyof typeof messageTypes;
