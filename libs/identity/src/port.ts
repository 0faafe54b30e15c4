import type { Clock, Instant } from '@sanwang/kernel';
import type { QueryScope } from '@sanwang/read-model';
import type { UnitsInForce } from './unit-versions.ts';

/** What a verified token proves: the subject, and nothing else. Unit, duties and certificates come from the directory copy. */
export interface Principal {
  /** Opaque id: an officer's id, `bootstrap`, or `service:<context>`. */
  readonly subject: string;
  readonly kind: 'officer' | 'bootstrap' | 'service';
}

export type UnitKind = 'city' | 'district' | 'office' | 'department' | 'street' | 'community' | 'contractor';

/** A unit of the authority, as the service's own copy of the directory has it. */
export interface Unit {
  readonly code: string;
  readonly kind: UnitKind;
  readonly parent?: string;
  readonly name: string;
  /** Area code prefixes for which the unit is responsible. */
  readonly areas: readonly string[];
  readonly validFrom: string;
  /** On the city unit: IANA zone and the slug of its working-day calendar. */
  readonly timeZone?: string;
  readonly calendar?: string;
}

/** An officer's duties 职责: what the policy table knows. */
export const duties = ['inspector', 'dispatcher', 'registrar', 'directory-admin', 'operator', 'auditor'] as const;
export type Duty = (typeof duties)[number];

export interface Officer {
  readonly id: string;
  readonly unit: string;
  readonly duties: readonly Duty[];
  /** 行政执法资格; dates are local dates, both inclusive. */
  readonly certificate?: { readonly number: string; readonly validFrom: string; readonly validTo: string };
  readonly active: boolean;
}

/** One year of a working-day calendar: the days that differ from Monday to Friday. */
export interface CalendarYear {
  readonly calendar: string;
  readonly year: number;
  readonly days: readonly { readonly date: string; readonly working: boolean; readonly name: string }[];
}

/**
 * The service's own copy of the directory, fed by the bus and kept in memory beside its durable model: units, officers,
 * calendars, and the deployment's clock. Reads are synchronous and always answer from what has been consumed so far.
 */
export interface Directory {
  /** The version that is in force now. A unit that has ended, or is still to be founded, is none. */
  unit(code: string): Unit | undefined;
  /** All units in force now. */
  units(): readonly Unit[];
  /** The last revision of the unit's own stream. */
  unitRevision(code: string): number | undefined;
  /** The unit tree at another instant, as far as is known now. */
  unitsAt(at: Instant): UnitsInForce;
  officer(id: string): Officer | undefined;
  officersOf(unit: string): readonly Officer[];
  /** The unit and everything below it, with the ended units whose work these have taken over. An ended unit stands for its successor. */
  subtree(code: string): readonly string[];
  /** The unit with the ended units whose open work it has taken over. */
  workOf(code: string): readonly string[];
  cityUnit(): Unit | undefined;
  /** The most specific unit (longest area prefix; office before district before city) responsible for an area. */
  unitForArea(area: string): Unit | undefined;
  calendarYears(calendar: string): ReadonlyMap<number, CalendarYear>;
  /** `undefined` until the deployment has begun. */
  deployment(): { readonly mode: 'live' | 'simulation'; readonly clock?: Instant } | undefined;
  /** The platform's clock: the wall, or the simulated clock of a simulation. */
  readonly clock: Clock;
}

/** What a command or query is about, for the scope test. Absent parts do not count. */
export interface Target {
  readonly area?: string;
  readonly unit?: string;
  readonly owner?: string;
}

/** Deny by default. An action is named `<context>.<thing>.<verb>`, e.g. `patrol.task.dispatch`. */
export interface Access {
  /**
   * The caller may do `action` to `target`. Throws `permission-denied/duty-missing` when no duty of the caller allows the
   * action at all, and `not-found` (as `notFound(kind, id)`) when the target lies outside the caller's jurisdiction.
   */
  require(principal: Principal, action: string, target: Target, kind: string, id: string): void;
  /** Where the caller may look with this query. Throws `permission-denied/duty-missing` when nowhere. */
  scope(principal: Principal, action: string): QueryScope;
}
