import { forbiddenByState, invalid, type Instant } from '@sanwang/kernel';
import type { Attachment, Finding, Violated, VisitResult } from '../shared/words.ts';
import type { Standings } from './answers.ts';
import { conclude, countBySeverity, type ConclusionRule } from '../shared/conclusion.ts';
import type { Started, VisitEvent } from './events.ts';

/** What the officers conclude, and the checklist's rule. */
export interface Completion {
  readonly result: VisitResult;
  /** Required when `result` is not what follows from the items. */
  readonly reason?: string | undefined;
  readonly note?: string | undefined;
  readonly attachments?: Attachment[] | undefined;
  readonly completedAt?: Instant | undefined;
  readonly suggestions: readonly SuggestionInput[];
  readonly rule: ConclusionRule;
}
export interface SuggestionInput {
  readonly kind: 'sample' | 'case';
  /** Violated items that call for it; none: all of them. */
  readonly items: readonly string[];
  readonly note?: string | undefined;
}

/** The violated items. */
export const violations = (standings: Standings): Violated[] =>
  Object.entries(standings).flatMap(([number, { severity, correctedOnSpot }]) => (severity ? [{ number, severity, correctedOnSpot }] : []));

export const complete = (command: Completion, visit: Started, standings: Standings): readonly VisitEvent[] => {
  const missing = visit.checklist.items - Object.keys(standings).length;
  if (missing > 0) throw forbiddenByState('items-unanswered', `${missing} items of the checklist have no answer.`, { missing });
  const violated = violations(standings);
  const follows = conclude(command.rule, violated);
  if (follows !== command.result && command.reason === undefined)
    throw invalid('reason-required', 'reason', `a reason, as ${follows} would follow from the items and not ${command.result}`);
  if (visit.type === 'round' && command.suggestions.length > 0)
    throw invalid('round-yields-clues', 'suggestions', 'none: a round yields clues only');

  const { taskId, type, businessId, area, unit } = visit;
  const about = { businessId, area, unit, taskId };
  const findings = violated.map(({ number, severity }) => ({ number, severity }));
  const completed: VisitEvent = {
    type: 'VisitCompleted',
    data: {
      ...about,
      type,
      officers: visit.officers.map((officer) => officer.id),
      result: command.result,
      ...(follows === command.result ? {} : { follows }),
      reason: command.reason,
      violated: countBySeverity(violated),
      correctedOnSpot: violated.filter((item) => item.correctedOnSpot).length,
      note: command.note,
      attachments: command.attachments?.length ? command.attachments : undefined,
      completedAt: command.completedAt,
    },
  };
  if (type === 'round') {
    if (findings.length === 0) return [completed];
    return [completed, { type: 'ClueFound', data: { ...about, placeName: visit.placeName, items: findings } }];
  }
  return [completed, ...command.suggestions.map((suggestion, index) => suggest(suggestion, index, about, findings))];
};

const suggest = (
  { kind, items, note }: SuggestionInput,
  index: number,
  about: { businessId?: string | undefined; area: string; unit: string; taskId: string },
  findings: readonly Finding[],
): VisitEvent => {
  const chosen = items.length === 0 ? findings : findings.filter((finding) => items.includes(finding.number));
  if (chosen.length === 0 || (items.length > 0 && chosen.length < items.length))
    throw invalid('item-not-violated', `suggestions.${index}.items`, 'violated items of the visit');
  return { type: kind === 'sample' ? 'SamplingSuggested' : 'CaseSuggested', data: { ...about, items: [...chosen], note } };
};
