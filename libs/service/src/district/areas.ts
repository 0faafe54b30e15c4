import { unitsInForce, type ReorganisationDocument, type UnitDocument } from '@sanwang/identity';
import type { Instant } from '@sanwang/kernel';
import { coveringAreas } from '@sanwang/read-model';

/** Which district has which area prefixes, from one instant to another. */
export interface DistrictAreas {
  readonly since: Instant;
  readonly until: Instant | undefined;
  /** Districts by area prefix. */
  readonly prefixes: Readonly<Record<string, string>>;
  /** The district with the longest prefix of an area. */
  districtOf(area: string): string | undefined;
}

const areasAt = (units: Iterable<UnitDocument>, reorganisations: Iterable<ReorganisationDocument>, at: Instant): DistrictAreas => {
  const inForce = unitsInForce(units, reorganisations, at);
  const districts = [...inForce.units.values()].filter(({ kind }) => kind === 'district').sort((a, b) => (a.code < b.code ? 1 : -1));
  const prefixes = new Map(districts.flatMap(({ code, areas }) => areas.map((area) => [area, code] as const)));
  const longest = Math.max(0, ...[...prefixes.keys()].map(({ length }) => length));
  return {
    since: inForce.since,
    until: inForce.until,
    prefixes: Object.fromEntries(prefixes),
    districtOf(area) {
      for (let length = Math.min(area.length, longest); length > 0; length--) {
        const district = prefixes.get(area.slice(0, length));
        if (district !== undefined) return district;
      }
      return undefined;
    },
  };
};

/** The prefixes whose district is another than before. */
export const changedPrefixes = (before: Readonly<Record<string, string>>, after: Readonly<Record<string, string>>): readonly string[] =>
  coveringAreas([...new Set([...Object.keys(before), ...Object.keys(after)])].filter((prefix) => before[prefix] !== after[prefix]));

/** The districts' areas over time, from the documents of units and reorganisations. */
export const createAreas = () => {
  const units = new Map<string, UnitDocument>();
  const reorganisations = new Map<string, ReorganisationDocument>();
  let known: DistrictAreas[] = [];
  return {
    put(stream: string, doc: { readonly unit?: UnitDocument; readonly reorganisation?: ReorganisationDocument } | undefined): void {
      known = [];
      if (doc?.unit) units.set(stream, doc.unit);
      if (doc?.reorganisation) reorganisations.set(stream, doc.reorganisation);
      if (!doc) reorganisations.delete(stream);
    },
    at(at: Instant): DistrictAreas {
      const found = known.find(({ since, until }) => since <= at && (until === undefined || at < until));
      if (found) return found;
      const made = areasAt(units.values(), reorganisations.values(), at);
      known.push(made);
      return made;
    },
    clear(): void {
      units.clear();
      reorganisations.clear();
      known = [];
    },
  };
};
export type Areas = ReturnType<typeof createAreas>;
