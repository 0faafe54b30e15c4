import { invalid } from '@sanwang/kernel';
import { isAreaPrefix, isWithin, parentKinds, type UnitData, type UnitKind } from '../shared/unit.ts';
import type { ReorganisationData } from './events.ts';

type Change = Pick<ReorganisationData, 'units' | 'ends'>;

const areasOfKinds = (units: Iterable<UnitData>, kinds: readonly UnitKind[]): readonly string[] =>
  [...units].filter(({ kind }) => kinds.includes(kind)).flatMap(({ areas }) => areas);

/** The areas that some unit names, without those that others divide further. */
const smallestAreas = (units: Iterable<UnitData>): readonly string[] => {
  const named = [...new Set([...units].flatMap(({ areas }) => areas))].sort();
  return named.filter((area, index) => !named[index + 1]?.startsWith(area));
};

const checkEnds = (before: ReadonlyMap<string, UnitData>, after: ReadonlyMap<string, UnitData>, { units, ends }: Change): void => {
  const changed = new Set(units.map(({ code }) => code));
  for (const [index, { unit, successor }] of ends.entries()) {
    const ended = before.get(unit);
    if (!ended) throw invalid('reorganisation-ends', `ends.${index}.unit`, `a unit in force; there is no ${unit}`);
    if (ended.kind === 'city') throw invalid('reorganisation-ends', `ends.${index}.unit`, 'another unit: the city unit does not end');
    if (changed.has(unit)) throw invalid('reorganisation-ends', `ends.${index}.unit`, `${unit} either among the units or among the ends`);
    if (!after.has(successor))
      throw invalid('reorganisation-successor', `ends.${index}.successor`, 'a unit that is in force after the reorganisation');
  }
  const ended = ends.map(({ unit }) => unit);
  if (new Set(ended).size < ended.length) throw invalid('reorganisation-ends', 'ends', 'each unit once');
  if (changed.size < units.length) throw invalid('reorganisation-units', 'units', 'each unit once');
};

/** `field` is where the announcement names the unit, or what it leaves in disorder. */
const checkPlace = (unit: UnitData, after: ReadonlyMap<string, UnitData>, field: string): void => {
  const wrong = unit.areas.find((area) => !isAreaPrefix(area));
  if (wrong !== undefined) throw invalid('unit-areas', field, `area code prefixes of 2 to 12 digits, not ${wrong}`);
  if (unit.kind === 'city') return;
  const parent = unit.parent === undefined ? undefined : after.get(unit.parent);
  if (!parent || !parentKinds[unit.kind].includes(parent.kind))
    throw invalid('unit-parent', field, `a unit of kind ${parentKinds[unit.kind].join(' or ')} in force above ${unit.code}`);
  const outside = unit.areas.find((area) => !isWithin(area, parent.areas));
  if (outside !== undefined) throw invalid('unit-areas', field, `areas of ${unit.code} within those of ${parent.code}; ${outside} is not`);
};

const checkPlaces = (before: ReadonlyMap<string, UnitData>, after: ReadonlyMap<string, UnitData>, { units, ends }: Change): void => {
  for (const [index, unit] of units.entries()) {
    const kind = before.get(unit.code)?.kind;
    if (kind !== undefined && kind !== unit.kind)
      throw invalid('unit-kind', `units.${index}.kind`, `${kind}: the kind of a unit never changes`);
    if (kind === undefined && unit.kind === 'city')
      throw invalid('city-unit-exists', `units.${index}.kind`, 'another kind: a deployment has one city unit');
    checkPlace(unit, after, `units.${index}`);
  }
  const touched = new Set([...units.map(({ code }) => code), ...ends.map(({ unit }) => unit)]);
  for (const unit of after.values())
    if (unit.parent !== undefined && touched.has(unit.parent) && !touched.has(unit.code)) checkPlace(unit, after, 'units');
};

const checkAreas = (before: ReadonlyMap<string, UnitData>, after: ReadonlyMap<string, UnitData>): void => {
  const districts = [...after.values()].filter(({ kind }) => kind === 'district');
  for (const { code, areas } of districts) {
    for (const other of districts) {
      const shared =
        other.code > code ? areas.find((area) => other.areas.some((two) => area.startsWith(two) || two.startsWith(area))) : undefined;
      if (shared !== undefined)
        throw invalid('district-overlap', 'units', `no area in two districts; ${shared} is in ${code} and ${other.code}`);
    }
  }
  const known = smallestAreas([...before.values(), ...after.values()]);
  for (const kinds of [['district'], ['district', 'office']] as const) {
    const owned = areasOfKinds(before.values(), kinds);
    const owns = areasOfKinds(after.values(), kinds);
    const lost = known.filter((area) => isWithin(area, owned) && !isWithin(area, owns));
    if (lost.length > 0)
      throw invalid(
        'area-without-owner',
        'units',
        `a ${kinds.join(' or ')} for each area that has one; ${lost.slice(0, 5).join(', ')} would have none`,
      );
  }
};

/**
 * Checks a reorganisation as a whole against the units that are in force when it takes effect: every unit in its place, no
 * area in two districts, and none without a district (or office) that has one now.
 */
export const checkReorganisation = (units: readonly UnitData[], change: Change): void => {
  const before = new Map(units.map((unit) => [unit.code, unit]));
  const after = new Map(before);
  for (const { unit } of change.ends) after.delete(unit);
  for (const unit of change.units) after.set(unit.code, unit);
  checkEnds(before, after, change);
  checkPlaces(before, after, change);
  checkAreas(before, after);
};
