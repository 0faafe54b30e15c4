import { z } from 'zod';
import type { Counts, Severity, VisitResult } from './words.ts';

const threshold = z.object({
  critical: z.number().int().min(1).max(300).optional(),
  serious: z.number().int().min(1).max(300).optional(),
  minor: z.number().int().min(1).max(300).optional(),
});

/**
 * How a visit's result follows from its items; part of a checklist's version. `fail`: so many violated items, not corrected on
 * the spot, of one severity. `conditions`: so many violated items, corrected or not. A severity left out does not count.
 */
export const conclusionRule = z.object({ fail: threshold, conditions: threshold });
export type ConclusionRule = z.infer<typeof conclusionRule>;

/**
 * Unless a checklist says otherwise: one uncorrected key item 重点项目 or serious item fails the visit, one that was corrected on
 * the spot is a condition, minor items pass (食品生产经营监督检查管理办法 art. 32, 33 leave the weighing to the checklist).
 */
export const defaultRule: ConclusionRule = { fail: { critical: 1, serious: 1 }, conditions: { critical: 1, serious: 1 } };

export interface Violation {
  readonly severity: Severity;
  readonly correctedOnSpot?: boolean | undefined;
}

export const countBySeverity = (violations: Iterable<Violation>): Counts => {
  const counts = { critical: 0, serious: 0, minor: 0 };
  for (const violation of violations) counts[violation.severity]++;
  return counts;
};

/** The result that follows from the violated items alone. */
export const conclude = (rule: ConclusionRule, violations: readonly Violation[]): VisitResult => {
  if (reaches(rule.fail, countBySeverity(violations.filter((violation) => !violation.correctedOnSpot)))) return 'fail';
  return reaches(rule.conditions, countBySeverity(violations)) ? 'pass-with-conditions' : 'pass';
};

const reaches = (limits: ConclusionRule['fail'], counts: Counts): boolean =>
  counts.critical >= (limits.critical ?? Infinity) ||
  counts.serious >= (limits.serious ?? Infinity) ||
  counts.minor >= (limits.minor ?? Infinity);
