/**
 * The messages that are published, as lists of their fields and constants. Read from the definitions of ros4hri/hri_msgs on the ROS 2 branch at commit
 * 52bdab7 (0.8.0, the port to ROS 2; docs.ros.org shows the same Expression for Humble's 2.x). For ROS 1 `ros1Md5` is the sum that ROS 1's own generators
 * wrote beside code they made of hri_msgs 0.9.0 (the first whose LiveSpeech has a language, as theirs has): it covers every constant and field, and a test
 * computes it from this table. Topics as in REP-155 (ros-infrastructure/rep at 9c0d372) and as libhri subscribes to them (ros4hri/libhri at a34a3bb): where
 * the two differ, in the type of `roi`, libhri is followed, as its ROS 1 release does too.
 */
export interface MessageType {
  /** In the order of the definition: name and type. */
  readonly fields: Readonly<Record<string, FieldType>>;
  readonly constants?: Readonly<Record<string, string | number>>;
  readonly ros1Md5?: string;
}
export type FieldType = 'Header' | 'string' | 'string[]' | 'bool' | 'uint8' | 'float32';

export const messageTypes = {
  'hri_msgs/IdsList': { fields: { header: 'Header', ids: 'string[]' }, ros1Md5: '84a63f55b5676f78b625e8a8bb809fe5' },
  'hri_msgs/NormalizedRegionOfInterest2D': {
    fields: { header: 'Header', xmin: 'float32', ymin: 'float32', xmax: 'float32', ymax: 'float32', c: 'float32' },
    ros1Md5: '33eb96af02d4b1dd1457132b5c2149c2',
  },
  'hri_msgs/SoftBiometrics': {
    fields: { header: 'Header', age: 'uint8', age_confidence: 'float32', gender: 'uint8', gender_confidence: 'float32' },
    constants: { UNDEFINED: 0, FEMALE: 1, MALE: 2, OTHER: 3 },
    ros1Md5: '791877398420c10707c4d9a832b0e6ad',
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
    ros1Md5: 'c0f698742672d3238cdc31c07c7d835b',
  },
  'hri_msgs/EngagementLevel': {
    fields: { header: 'Header', level: 'uint8' },
    constants: { UNKNOWN: 0, DISENGAGED: 1, ENGAGING: 2, ENGAGED: 3, DISENGAGING: 4 },
    ros1Md5: '98693df082bea7da40fa598b187373d9',
  },
  'hri_msgs/Gaze': { fields: { header: 'Header', sender: 'string', receiver: 'string' }, ros1Md5: '1408dc110169ebd2a0cd704f3af52beb' },
  'std_msgs/String': { fields: { data: 'string' } },
  'std_msgs/Bool': { fields: { data: 'bool' } },
  'std_msgs/Float32': { fields: { data: 'float32' } },
} as const satisfies Record<string, MessageType>;

export type MessageName = keyof typeof messageTypes;
