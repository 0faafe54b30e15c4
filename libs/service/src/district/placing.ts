import type { Instant } from '@sanwang/kernel';
import type { createMessages, DistrictMessage } from './messages.ts';
import type { Entry, ObjectDocument } from './model.ts';

/** An object as it was after one event, and the district that has its place then. */
export interface Placement {
  readonly doc: ObjectDocument;
  readonly district: string | undefined;
  /** When it came there, if it was elsewhere before. */
  readonly at: Instant;
}

export interface Placing {
  readonly messages: readonly DistrictMessage[];
  /** What is on record before anything is sent; absent where only the present district is told. */
  readonly intent: Entry | undefined;
  /** What is on record once all is sent. */
  readonly entry: Entry;
}

/**
 * What to send when an object has been at these places, one after the other. Each district it was in is told that it has gone,
 * and the next one gets the whole state. Districts that a broken-off attempt may have reached and that are none of these are told
 * too. The same attempt again makes the same messages; a district to which the object comes back gets others.
 */
export const place = (
  messages: ReturnType<typeof createMessages>,
  before: Entry | undefined,
  placements: readonly Placement[],
): Placing => {
  const first = placements[0]!;
  const present = before?.district;
  const reached = before?.towards ?? [];
  const targets = [...new Set(placements.flatMap(({ district }) => (district === undefined || district === present ? [] : [district])))];
  const astray = reached.filter((one) => one !== present && !targets.includes(one));
  const another = reached.length > 0 && (astray.length > 0 || targets.some((one) => !reached.includes(one)));
  const start = (before?.moves ?? 0) + (another ? 1 : 0);

  const sent: DistrictMessage[] = astray.map((one) =>
    messages.handedOver(first.doc, one, { to: first.district, since: first.at, moves: start }),
  );
  let { district, since = '' } = before ?? {};
  let moves = start;
  for (const next of placements) {
    if (next.district !== district) {
      moves++;
      if (district !== undefined) sent.push(messages.handedOver(next.doc, district, { to: next.district, since: next.at, moves }));
      district = next.district;
      since = next.at;
    }
    if (district !== undefined) sent.push(messages.state(next.doc, district, { since, moves }));
  }
  const through = placements.at(-1)!.doc.revision;
  const towards = [...new Set([...reached, ...targets])];
  return {
    messages: sent,
    intent: towards.length > 0 ? { through: -1, ...before, moves: start, towards } : undefined,
    entry: { ...(district !== undefined && { district, since }), moves, through },
  };
};
