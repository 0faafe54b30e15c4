import { forbiddenByState } from '@sanwang/kernel';
import type { Directory, Unit, UnitKind } from '@sanwang/identity';
import { firstMatch, type Dispatchable } from '../dispatch-rules/decider.ts';
import type { DispatchRule } from '../dispatch-rules/events.ts';
import type { UnitFact } from '../task/decider.ts';

const authorities: ReadonlySet<UnitKind> = new Set(['city', 'district', 'office', 'department']);

/** Only these kinds of unit hold the powers of market supervision; a street, community or contractor makes rounds. */
export const unitFact = (unit: Unit): UnitFact => ({ code: unit.code, authority: authorities.has(unit.kind) });

/** The unit of a kind with the longest area prefix of an area; of equals the first by code. */
const unitOfKind = (directory: Directory, area: string, kind: UnitKind): Unit | undefined => {
  const city = directory.cityUnit();
  let found: { unit: Unit; length: number } | undefined;
  for (const code of city ? directory.subtree(city.code) : []) {
    const unit = directory.unit(code);
    if (unit?.kind !== kind) continue;
    for (const prefix of unit.areas) {
      if (!area.startsWith(prefix)) continue;
      const better = !found || prefix.length > found.length || (prefix.length === found.length && unit.code < found.unit.code);
      if (better) found = { unit, length: prefix.length };
    }
  }
  return found?.unit;
};

/** Where the rules send a task: the first that matches decides; without one the unit responsible for the area. */
export const unitByRule = (
  directory: Directory,
  rules: readonly DispatchRule[],
  task: Dispatchable,
): { readonly unit: UnitFact; readonly by: 'rule' | 'area'; readonly rule?: string } => {
  const rule = firstMatch(rules, task);
  const { to } = rule ?? {};
  const unit =
    to?.unit !== undefined
      ? directory.unit(to.unit)
      : to?.kind !== undefined
        ? unitOfKind(directory, task.area, to.kind)
        : directory.unitForArea(task.area);
  if (!unit) {
    const facts = { area: task.area, ...(rule ? { rule: rule.name } : {}) };
    throw forbiddenByState(
      'no-unit-for-task',
      `No unit is responsible for area ${task.area}${rule ? ` by rule ${rule.name}` : ''}.`,
      facts,
    );
  }
  return rule ? { unit: unitFact(unit), by: 'rule', rule: rule.name } : { unit: unitFact(unit), by: 'area' };
};
