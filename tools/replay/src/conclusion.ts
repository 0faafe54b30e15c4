import { severityOf, type ConclusionRule, type Severity } from './checklist.ts';
import type { VisitResult } from './rows.ts';

/** The result that follows from a visit's violated items; `onSpot` are those of them that were corrected before the officers left. */
export const conclude = (rule: ConclusionRule, violated: readonly number[], onSpot: readonly number[]): VisitResult => {
  if (
    reaches(
      rule.fail,
      violated.filter((item) => !onSpot.includes(item)),
    )
  )
    return 'fail';
  return reaches(rule.conditions, violated) ? 'pass-with-conditions' : 'pass';
};

const reaches = (limits: ConclusionRule['fail'], items: readonly number[]): boolean =>
  (['critical', 'serious', 'minor'] as const).some((severity) => ofSeverity(items, severity).length >= (limits[severity] ?? Infinity));

export const ofSeverity = (items: readonly number[], severity: Severity): readonly number[] =>
  items.filter((item) => severityOf(item) === severity);
