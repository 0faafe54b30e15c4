import type { Instant } from '@sanwang/kernel';
import { startOfLocalDay } from '@sanwang/statutory';
import type { ReorganisationDocument, UnitContent, UnitDocument } from './directory-models.ts';

/** The units in force at one instant. */
export interface UnitsInForce {
  readonly units: ReadonlyMap<string, UnitContent>;
  /** By the code of a unit that has ended: who took over its work. */
  readonly successors: ReadonlyMap<string, string>;
  /** The instant at which the latest of these versions came into force; `''` when there is none. */
  readonly since: Instant;
  /** The next instant at which another version comes into force, as far as is known. */
  readonly until: Instant | undefined;
}

interface Version {
  readonly from: Instant;
  /** When it was recorded; what was recorded later counts where two begin at the same instant. */
  readonly recorded: Instant;
  readonly code: string;
  readonly content?: UnitContent;
  readonly successor?: string;
}

/**
 * A version is in force from the first instant of its `validFrom` in the authority's zone. A change that was recorded after
 * that day holds from when it was recorded: what happened before happened under the old one.
 */
const versionsOf = (units: Iterable<UnitDocument>, reorganisations: Iterable<ReorganisationDocument>): readonly Version[] => {
  const documents = [...units];
  const zone = documents.find(({ kind }) => kind === 'city')?.timeZone ?? 'UTC';
  const days = new Map<string, Instant>();
  const startOf = (day: string): Instant => {
    const known = days.get(day) ?? startOfLocalDay(day, zone);
    days.set(day, known);
    return known;
  };
  const versions: Version[] = [];
  for (const { earlier = [], revision: _revision, ...latest } of documents) {
    for (const { changedAt = '', ...content } of [...earlier, latest]) {
      const start = startOf(content.validFrom);
      versions.push({ from: changedAt > start ? changedAt : start, recorded: changedAt, code: content.code, content });
    }
  }
  for (const { effectiveAt, announcedAt, units: changed, ends } of reorganisations) {
    const common = { from: effectiveAt, recorded: announcedAt };
    for (const content of changed) versions.push({ ...common, code: content.code, content });
    for (const { unit, successor } of ends) versions.push({ ...common, code: unit, successor });
  }
  return versions;
};

/** What the recorded versions and announced reorganisations make of the unit tree at an instant. */
export const unitsInForce = (
  units: Iterable<UnitDocument>,
  reorganisations: Iterable<ReorganisationDocument>,
  at: Instant,
): UnitsInForce => {
  const present = new Map<string, Version>();
  let until: Instant | undefined;
  for (const version of versionsOf(units, reorganisations)) {
    if (version.from > at) {
      if (until === undefined || version.from < until) until = version.from;
      continue;
    }
    const other = present.get(version.code);
    const later = !other || version.from > other.from || (version.from === other.from && version.recorded >= other.recorded);
    if (later) present.set(version.code, version);
  }
  const inForce = new Map<string, UnitContent>();
  const successors = new Map<string, string>();
  let since = '';
  for (const { code, content, successor, from } of present.values()) {
    if (content) inForce.set(code, content);
    if (successor !== undefined) successors.set(code, successor);
    if (from > since) since = from;
  }
  return { units: inForce, successors, since, until };
};
