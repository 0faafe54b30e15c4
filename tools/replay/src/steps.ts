import type { LocalDate, TimeLimit } from '@sanwang/statutory';
import type { BusinessFacts } from './businesses.ts';
import type { Coordinates, VisitResult } from './rows.ts';

/**
 * The key of a step: its `Idempotency-Key`, made of the thing it belongs to and its kind. Where a step names a task, a visit or an order,
 * it names the key of the step that makes it (`poolTask`, `startVisit`, `issueOrder`); the id is in that step's answer.
 */
export type StepKey = string;

/** One command to the platform, as data. `actor` is the officer who gives it; `at` the local time of the act, as an instant. */
export type Step = { readonly key: StepKey; readonly actor: string; readonly at: string } & StepBody;
export type StepKind = StepBody['kind'];

export type StepBody =
  | { readonly kind: 'registerBusiness'; readonly businessId: string; readonly business: BusinessFacts }
  | { readonly kind: 'correctBusiness'; readonly businessId: string; readonly name: string }
  | {
      readonly kind: 'moveBusiness';
      readonly businessId: string;
      readonly address: string;
      readonly coordinates?: Coordinates;
      readonly area: string;
    }
  | { readonly kind: 'poolTask'; readonly task: TaskFacts; /** The order that the task is to recheck 复查. */ readonly recheckOf?: StepKey }
  | { readonly kind: 'dispatch'; readonly task: StepKey; readonly unit: string }
  | { readonly kind: 'assign'; readonly task: StepKey; readonly officers: readonly string[] }
  | { readonly kind: 'accept'; readonly task: StepKey }
  | {
      readonly kind: 'startVisit';
      readonly task: StepKey;
      readonly officers: readonly string[];
      readonly startedAt: string;
      readonly position?: Coordinates & { readonly accuracy: number };
    }
  | { readonly kind: 'recordItems'; readonly visit: StepKey; readonly answers: readonly Answer[] }
  | {
      readonly kind: 'completeVisit';
      readonly visit: StepKey;
      readonly result: VisitResult;
      /** Given when the result does not follow from the items. */
      readonly reason?: string;
      readonly completedAt: string;
      readonly suggestions: readonly Suggestion[];
    }
  | {
      readonly kind: 'issueOrder';
      readonly visit: StepKey;
      readonly items: readonly string[];
      readonly limit: TimeLimit;
      readonly dueOn: LocalDate;
    }
  | { readonly kind: 'correctOnTheSpot'; readonly visit: StepKey; readonly items: readonly string[] }
  | { readonly kind: 'reportCorrection'; readonly order: StepKey }
  /** Closes the order, or gives it a new limit, or closes it with a case suggested. */
  | {
      readonly kind: 'recordRecheck';
      readonly order: StepKey;
      readonly visit: StepKey;
      readonly result: 'corrected' | 'not-corrected';
      readonly newLimit?: TimeLimit;
      readonly newDueOn?: LocalDate;
      readonly suggestCase?: boolean;
    }
  | { readonly kind: 'completeTask'; readonly task: StepKey; readonly visit: StepKey };

export interface TaskFacts {
  readonly channel: 'external' | 'statutory' | 'risk';
  readonly type: 'inspection' | 'round';
  readonly checklist: string;
  readonly businessId: string;
  readonly priority: number;
  readonly dueOn: LocalDate;
  readonly title: string;
  readonly source: { readonly system: string; readonly key: string };
}

export interface Answer {
  readonly number: string;
  readonly result: 'conforms' | 'violates';
  readonly correctedOnSpot?: true;
}

export interface Suggestion {
  readonly kind: 'sample';
  readonly items: readonly string[];
}
