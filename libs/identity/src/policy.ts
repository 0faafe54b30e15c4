import { notFound, Rejection } from '@sanwang/kernel';
import type { QueryScope } from '@sanwang/read-model';
import { policyTable, type Grantee, type PolicyRow, type Reach } from './policy-table.ts';
import type { Access, Directory, Officer, Principal, Target } from './port.ts';

const denied = (reason: string, message: string): Rejection => new Rejection('permission-denied', reason, message);

/** The reaches of each grantee, by action. */
const byAction = (rows: readonly PolicyRow[]): ReadonlyMap<string, ReadonlyMap<Grantee, ReadonlySet<Reach>>> => {
  const index = new Map<string, Map<Grantee, Set<Reach>>>();
  for (const { action, duty, scope } of rows) {
    const grantees = index.get(action) ?? new Map<Grantee, Set<Reach>>();
    index.set(action, grantees.set(duty, (grantees.get(duty) ?? new Set()).add(scope)));
  }
  return index;
};

const covers = (areas: readonly string[], area: string): boolean => areas.some((prefix) => area.startsWith(prefix));

/** The shortest prefixes that cover the areas of all these units. */
const areasOf = (directory: Directory, units: readonly string[]): readonly string[] => {
  const areas: string[] = [];
  for (const code of units) for (const area of directory.unit(code)?.areas ?? []) if (!covers(areas, area)) areas.push(area);
  return areas;
};

/**
 * Decides from the policy table and from the directory as it is now. An action that is in no row is denied to everyone. A
 * target that names neither area, unit nor owner belongs to the city itself, so to the city unit.
 */
export const createAccess = (directory: Directory, policy: readonly PolicyRow[] = policyTable): Access => {
  const table = byAction(policy);

  const granteesOf = (principal: Principal): { readonly grantees: readonly Grantee[]; readonly officer?: Officer } => {
    switch (principal.kind) {
      case 'bootstrap':
        return { grantees: ['bootstrap'] };
      case 'service':
        return { grantees: [principal.subject as Grantee] };
      case 'officer': {
        const officer = directory.officer(principal.subject);
        if (!officer) throw denied('officer-unknown', 'The directory does not know the caller.');
        if (!officer.active) throw denied('officer-inactive', 'The caller is no longer an active officer.');
        return { grantees: officer.duties, officer };
      }
    }
  };

  const reachOf = (principal: Principal, action: string): { readonly reaches: ReadonlySet<Reach>; readonly units: readonly string[] } => {
    const { grantees, officer } = granteesOf(principal);
    const granted = table.get(action);
    const reaches = new Set(grantees.flatMap((grantee) => [...(granted?.get(grantee) ?? [])]));
    if (reaches.size === 0) throw denied('duty-missing', `No duty of the caller allows ${action}.`);
    return { reaches, units: officer ? directory.subtree(officer.unit) : [] };
  };

  const within = (reach: Reach, target: Target, principal: Principal, units: readonly string[]): boolean => {
    switch (reach) {
      case 'city':
        return true;
      case 'area':
        return target.area !== undefined && covers(areasOf(directory, units), target.area);
      case 'unit':
        return target.unit !== undefined && units.includes(target.unit);
      case 'self':
        return target.owner === principal.subject;
    }
  };

  const ofTheCity = (target: Target): boolean => target.area === undefined && target.unit === undefined && target.owner === undefined;

  return {
    require(principal, action, target, kind, id) {
      const { reaches, units } = reachOf(principal, action);
      if (reaches.has('city')) return;
      const city = directory.cityUnit();
      if (ofTheCity(target)) {
        if (city && units.includes(city.code) && (reaches.has('unit') || reaches.has('area'))) return;
      } else if ([...reaches].some((reach) => within(reach, target, principal, units))) {
        return;
      }
      throw notFound(kind, id);
    },
    scope(principal, action): QueryScope {
      const { reaches, units } = reachOf(principal, action);
      if (reaches.has('city')) return 'everything';
      return {
        areas: reaches.has('area') ? areasOf(directory, units) : [],
        units: reaches.has('unit') ? units : [],
        ...(reaches.has('self') && { owner: principal.subject }),
      };
    },
  };
};
