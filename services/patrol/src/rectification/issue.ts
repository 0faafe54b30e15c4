import { forbiddenByState, invalid, type Instant } from '@sanwang/kernel';
import type { Violated } from '../shared/words.ts';
import type { Issued, Limit, RectificationEvent } from './events.ts';

export interface Issue {
  readonly visit: InspectionFact;
  /** Numbers of violated items; absent: all that this kind of follow-up is for. */
  readonly items?: readonly string[] | undefined;
  readonly note?: string | undefined;
}
/** What the visit's own stream says. `violated` is `undefined` while the visit is not completed. */
export interface InspectionFact extends Pick<Issued, 'visitId' | 'taskId' | 'area' | 'unit' | 'businessName' | 'officers'> {
  readonly type: 'inspection' | 'round';
  readonly businessId?: string | undefined;
  readonly violated?: readonly Violated[] | undefined;
}

/** The follow-up of an inspection: an order for what is left to correct, or the record of what was corrected on the spot. */
export const issue = (
  command: Issue & ({ readonly type: 'order'; readonly at: Instant; readonly limit: Limit } | { readonly type: 'correct-on-the-spot' }),
): RectificationEvent => {
  const { type, businessId, violated, ...visit } = command.visit;
  if (type === 'round') throw forbiddenByState('round-yields-clues', 'A round yields clues, never orders.');
  if (violated === undefined)
    throw forbiddenByState('visit-not-completed', `Visit ${visit.visitId} is not completed.`, { visitId: visit.visitId });
  if (businessId === undefined) throw forbiddenByState('no-business', 'An order needs a business to which it is addressed.');

  const onTheSpot = command.type === 'correct-on-the-spot';
  const candidates = violated.filter((item) => (item.correctedOnSpot ?? false) === onTheSpot);
  const wanted = command.items && new Set(command.items);
  const chosen = wanted ? candidates.filter((item) => wanted.has(item.number)) : candidates;
  const expected = onTheSpot
    ? 'violated items that the visit records as corrected on the spot'
    : 'violated items not corrected on the spot';
  if (chosen.length === 0 || (wanted && chosen.length < wanted.size)) throw invalid('nothing-to-correct', 'items', expected);

  const items = chosen.map(({ number, severity }) => ({ number, severity }));
  const data: Issued = { ...visit, businessId, items, note: command.note };
  if (command.type === 'correct-on-the-spot') return { type: 'CorrectedOnTheSpot', data };
  if (command.limit.due <= command.at) throw invalid('limit-passed', 'limit', 'a limit in the future');
  return { type: 'RectificationOrdered', data: { ...data, limit: command.limit } };
};
