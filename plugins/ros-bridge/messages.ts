/** A person as messages of ROS4HRI, without their headers. Pure; what was not granted is not there, and so not told. */
import { type GrantedPerson, known } from '@mien/core/plugin';
import { type MessageName, messageTypes } from './hri-msgs.ts';

/** What the plugin may see of a person: presence surely, the rest where it was granted. */
export type SeenPerson = GrantedPerson<
  'person.presence',
  'person.position' | 'person.quality' | 'person.age' | 'person.gender' | 'person.expression' | 'person.attention'
>;

export interface Content {
  /** Below the namespace. */
  readonly topic: string;
  readonly type: MessageName;
  readonly fields: object;
  readonly isLatched: boolean;
  /** Nothing is known: to be said only where something was said before. */
  readonly isBlank?: boolean;
}

const biometrics = messageTypes['hri_msgs/SoftBiometrics'].constants;
const levels = messageTypes['hri_msgs/EngagementLevel'].constants;
const expressions: readonly string[] = Object.values(messageTypes['hri_msgs/Expression'].constants);

/** Names of ROS hold letters, digits and underscores, and begin with a letter. */
export function personId(id: string): string {
  return id.replace(/[^A-Za-z0-9_]/g, '_');
}
export function faceId(id: string): string {
  return personId(id).replace(/^p/, 'f');
}

/** `negativeAs`: which of ROS4HRI's expressions stands for an unpleasant one; '' for none. */
export function contentsOf(person: SeenPerson, negativeAs: string): Content[] {
  const [me, face] = [personId(person.id), faceId(person.id)];
  const isSeen = person.state === 'present';
  const ofPerson = (name: string, type: MessageName, fields: object, isLatched = false): Content => ({
    topic: `persons/${me}/${name}`,
    type,
    fields,
    isLatched,
  });
  const contents = [
    // Mien knows nobody again: all persons are anonymous.
    ofPerson('anonymous', 'std_msgs/Bool', { data: true }, true),
    ofPerson('face_id', 'std_msgs/String', { data: isSeen ? face : '' }, true),
    ofPerson('location_confidence', 'std_msgs/Float32', { data: isSeen ? 1 : 0 }),
  ];
  if (person.engagement !== undefined)
    contents.push(
      ofPerson('engagement_status', 'hri_msgs/EngagementLevel', { level: levels[person.engagement.toUpperCase() as keyof typeof levels] ?? levels.UNKNOWN }),
    );
  if (person.attention?.state === 'attending' && isSeen)
    contents.push({ topic: 'interactions/gazing', type: 'hri_msgs/Gaze', fields: { sender: me, receiver: '' }, isLatched: false });
  return isSeen ? [...contents, ...faceContents(person, face, negativeAs)] : contents;
}

function faceContents(person: SeenPerson, face: string, negativeAs: string): Content[] {
  const of = (name: string, type: MessageName, fields: object, isBlank = false): Content => ({
    topic: `faces/${face}/${name}`,
    type,
    fields,
    isLatched: false,
    isBlank,
  });
  const contents: Content[] = [];
  if (person.box) {
    const [x, y, width, height] = person.box.map(share) as [number, number, number, number];
    const corners = { xmin: x, ymin: y, xmax: share(x + width), ymax: share(y + height) };
    contents.push(of('roi', 'hri_msgs/NormalizedRegionOfInterest2D', { ...corners, c: person.quality?.score ?? 0 }));
  }
  if (person.age !== undefined || person.gender !== undefined) {
    const [age, gender] = [known(person.age), known(person.gender)];
    const fields = {
      age: age ? Math.min(255, Math.max(0, Math.round(age.years))) : 0,
      age_confidence: age?.bandP ?? 0,
      gender: gender ? genderOf(gender.label) : biometrics.UNDEFINED,
      gender_confidence: gender?.p ?? 0,
    };
    contents.push(of('softbiometrics', 'hri_msgs/SoftBiometrics', fields, !age && !gender));
  }
  if (person.expression !== undefined) {
    const expression = known(person.expression);
    const fields = expression
      ? { expression: expressionOf(expression.label, negativeAs), valence: expression.valence, arousal: 0, confidence: expression.p }
      : { expression: '', valence: 0, arousal: 0, confidence: 0 };
    contents.push(of('expression', 'hri_msgs/Expression', fields, !expression));
  }
  return contents;
}

function share(value: number): number {
  return Math.min(1, Math.max(0, value));
}

function genderOf(label: string): number {
  return label === 'female' ? biometrics.FEMALE : label === 'male' ? biometrics.MALE : biometrics.OTHER;
}

/** The name of ROS4HRI's list; '' for a label that has none there. */
function expressionOf(label: string, negativeAs: string): string {
  const name = label === 'positive' ? 'happy' : label === 'negative' ? negativeAs : label;
  return expressions.includes(name) ? name : '';
}
