import { invalid } from '@sanwang/kernel';
import type { z } from 'zod';
import type { Attachment, itemResult, Severity } from '../shared/words.ts';
import type { Recorded } from './events.ts';

/** An officer's answer to one item of the checklist. `correctedOnSpot` 当场改正 only where the item is violated. */
export interface Answer {
  readonly number: string;
  readonly result: z.infer<typeof itemResult>;
  readonly correctedOnSpot?: boolean | undefined;
  readonly note?: string | undefined;
  readonly attachments?: Attachment[] | undefined;
}
/** An item of the checklist in the visit's version. */
export interface ItemFact {
  readonly number: string;
  readonly severity: Severity;
}
/** What stands for an item: without a severity it is not violated. */
export interface Standing {
  readonly result: Answer['result'];
  readonly severity?: Severity | undefined;
  readonly correctedOnSpot?: boolean | undefined;
  readonly note?: string | undefined;
  readonly attachments?: Attachment[] | undefined;
}
export type Standings = Readonly<Record<string, Standing>>;

/** The event's data for these answers, `undefined` when each is what stands already. */
export const recordAnswers = (answers: readonly Answer[], items: readonly ItemFact[], standing: Standings): Recorded | undefined => {
  const severities = new Map(items.map((item) => [item.number, item.severity]));
  const conforms: string[] = [];
  const notApplicable: string[] = [];
  const violates: Recorded['violates'] = [];
  const remarks: NonNullable<Recorded['remarks']> = [];
  const seen = new Set<string>();
  for (const [index, answer] of answers.entries()) {
    const { number, note, attachments } = answer;
    const severity = severities.get(number);
    if (!severity) throw invalid('item-unknown', `items.${index}.number`, "an item of the visit's checklist");
    if (seen.has(number)) throw invalid('item-answered-twice', `items.${index}.number`, 'one answer to each item');
    seen.add(number);
    if (answer.correctedOnSpot && answer.result !== 'violates')
      throw invalid('nothing-to-correct', `items.${index}.correctedOnSpot`, 'only with a violated item');
    if (unchanged(answer, standing[number])) continue;
    if (answer.result === 'conforms') conforms.push(number);
    else if (answer.result === 'not-applicable') notApplicable.push(number);
    else violates.push({ number, severity, ...(answer.correctedOnSpot ? { correctedOnSpot: true } : {}) });
    if (note !== undefined || attachments?.length)
      remarks.push({ number, note, attachments: attachments?.length ? attachments : undefined });
  }
  if (conforms.length + notApplicable.length + violates.length === 0) return undefined;
  return { conforms, notApplicable, violates, ...(remarks.length > 0 ? { remarks } : {}) };
};

/** The standings after an `ItemsRecorded` event. */
export const standingsAfter = (standing: Standings, recorded: Recorded): Standings => {
  const next: Record<string, Standing> = { ...standing };
  for (const number of recorded.conforms) next[number] = { result: 'conforms' };
  for (const number of recorded.notApplicable) next[number] = { result: 'not-applicable' };
  for (const { number, severity, correctedOnSpot } of recorded.violates) next[number] = { result: 'violates', severity, correctedOnSpot };
  for (const { number, note, attachments } of recorded.remarks ?? []) next[number] = { ...next[number]!, note, attachments };
  return next;
};

const unchanged = (answer: Answer, standing: Standing | undefined): boolean =>
  standing !== undefined &&
  standing.result === answer.result &&
  (standing.correctedOnSpot ?? false) === (answer.correctedOnSpot ?? false) &&
  standing.note === answer.note &&
  ids(standing.attachments) === ids(answer.attachments);

const ids = (attachments: readonly Attachment[] | undefined): string => (attachments ?? []).map((attachment) => attachment.id).join();
