import { readFileSync } from 'node:fs';
import { Rejection } from '@sanwang/kernel';
import type { QueryScope } from '@sanwang/read-model';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createDirectoryView, type DirectoryView } from './directory-view.ts';
import { policyActions, policyTable, type Grantee } from './policy-table.ts';
import { createAccess } from './policy.ts';
import { duties, type Duty, type Principal, type Target, type Unit } from './port.ts';

const unit = (code: string, kind: Unit['kind'], parent: string | undefined, ...areas: string[]) => ({
  id: code,
  doc: { code, kind, ...(parent && { parent }), name: code, areas, validFrom: '2020-01-01', revision: 0 },
});
const officer = (id: string, unitCode: string, held: readonly Duty[], active = true) => ({
  id,
  doc: { id, unit: unitCode, duties: held, active, revision: 0 },
});

/** A city with two districts; the first has an office and a contractor whose unit is not below the office. */
const city = (): DirectoryView => {
  const view = createDirectoryView();
  view.apply('directory-units', [
    unit('sz', 'city', undefined, '4403'),
    unit('sz-futian', 'district', 'sz', '440304'),
    unit('sz-futian-a', 'office', 'sz-futian', '440304001'),
    unit('sz-futian-guards', 'contractor', 'sz-futian', '440304001'),
    unit('sz-nanshan', 'district', 'sz', '440305'),
  ]);
  view.apply('directory-officers', [
    ...duties.map((duty) => officer(`office-${duty}`, 'sz-futian-a', [duty])),
    ...duties.map((duty) => officer(`city-${duty}`, 'sz', [duty])),
    officer('retired', 'sz', duties, false),
    officer('lost', 'nowhere', ['inspector', 'auditor']),
  ]);
  return view;
};
const as = (subject: string, kind: Principal['kind'] = 'officer'): Principal => ({ subject, kind });
const grantees: readonly Grantee[] = [...duties, 'bootstrap', 'service:directory', 'service:gateway'];
const callerOf = (grantee: Grantee): Principal => {
  if (grantee === 'bootstrap') return as('bootstrap', 'bootstrap');
  return grantee.startsWith('service:') ? as(grantee, 'service') : as(`office-${grantee}`);
};

const refusal = (work: () => unknown): string => {
  try {
    work();
    return 'allowed';
  } catch (error) {
    if (!(error instanceof Rejection)) throw error;
    return `${error.code}/${error.reason}`;
  }
};

/** One letter per relation of caller and target, a point where it is "not found", four dashes where the duty is missing. */
const relations = (caller: Principal): readonly (readonly [string, Target])[] => [
  ['s', { owner: caller.subject, unit: 'sz-nanshan', area: '440305002' }],
  ['u', { owner: 'other', unit: 'sz-futian-a', area: '440305002' }],
  ['a', { owner: 'other', unit: 'sz-futian-guards', area: '440304001007' }],
  ['o', { owner: 'other', unit: 'sz-nanshan', area: '440305002' }],
];
const matrix = readFileSync(new URL('./fixtures/policy-matrix.txt', import.meta.url), 'utf8')
  .split('\n')
  .filter((line) => line !== '' && !line.startsWith('#'))
  .map((line) => line.split(/\s+/));
const [header, ...rows] = matrix;

describe('the policy matrix', () => {
  it('has one row per known action and one column per grantee', () => {
    expect(header).toEqual(['action', ...grantees]);
    expect(rows.map(([action]) => action)).toEqual(policyActions);
    for (const row of policyTable) expect(policyActions).toContain(row.action);
  });

  const access = createAccess(city());
  const cells = rows.flatMap(([action, ...expected]) =>
    grantees.map((grantee, column) => ({ action: action!, grantee, expected: expected[column]! })),
  );
  it.each(cells)('$grantee, $action: $expected', ({ action, grantee, expected }) => {
    const caller = callerOf(grantee);
    const found = relations(caller).map(([letter, target]) => {
      const outcome = refusal(() => access.require(caller, action, target, 'thing', 'x'));
      return { allowed: letter, 'not-found/thing-not-found': '.', 'permission-denied/duty-missing': '-' }[outcome] ?? outcome;
    });
    expect(found.join('')).toBe(expected);
    const mayAsk = refusal(() => access.scope(caller, action)) === 'allowed';
    expect(mayAsk).toBe(expected !== '----');
  });
});

describe('access', () => {
  const access = createAccess(city());
  const require = (principal: Principal, action: string, target: Target): string =>
    refusal(() => access.require(principal, action, target, 'thing', 'x'));

  it('denies an action that no row names, to everyone', () => {
    for (const grantee of grantees) expect(require(callerOf(grantee), 'patrol.task.burn', {})).toBe('permission-denied/duty-missing');
  });
  it('denies everything to whom the directory does not know', () => {
    expect(require(as('stranger'), 'directory.unit.read', {})).toBe('permission-denied/officer-unknown');
    expect(refusal(() => access.scope(as('stranger'), 'directory.unit.read'))).toBe('permission-denied/officer-unknown');
  });
  it('denies everything to an officer who is no longer active', () => {
    for (const action of policyActions) expect(require(as('retired'), action, {})).toBe('permission-denied/officer-inactive');
  });
  it('denies everything to a service without rows of its own', () => {
    for (const action of policyActions) expect(require(as('service:patrol', 'service'), action, {})).toBe('permission-denied/duty-missing');
  });
  it('gives an officer whose unit is not known no unit and no area', () => {
    expect(require(as('lost'), 'patrol.task.accept', { unit: 'nowhere', area: '4403' })).toBe('not-found/thing-not-found');
    expect(access.scope(as('lost'), 'patrol.task.read')).toBe('everything');
  });
  it('an officer named like a service is no service', () => {
    expect(require(as('service:directory'), 'operations.settle', {})).toBe('permission-denied/officer-unknown');
  });
  it('an officer named like the bootstrap subject is not the bootstrap subject', () => {
    expect(require(as('bootstrap'), 'directory.unit.write', {})).toBe('permission-denied/officer-unknown');
  });
  it("takes a target that names nothing as the city's own", () => {
    expect(require(as('office-directory-admin'), 'patrol.checklist.write', {})).toBe('not-found/thing-not-found');
    expect(require(as('city-directory-admin'), 'patrol.checklist.write', {})).toBe('allowed');
    expect(require(as('office-directory-admin'), 'directory.officer.grant-city-duty', {})).toBe('not-found/thing-not-found');
    expect(require(as('city-directory-admin'), 'directory.officer.grant-city-duty', {})).toBe('allowed');
    expect(require(as('office-registrar'), 'registration.business.import', {})).toBe('not-found/thing-not-found');
    expect(require(as('city-registrar'), 'registration.business.import', {})).toBe('allowed');
  });
  it('a superior unit sees what lies below it, not beside it', () => {
    const view = city();
    view.apply('directory-officers', [officer('chief', 'sz-futian', ['dispatcher'])]);
    const scope = createAccess(view).scope(as('chief'), 'patrol.task.read');
    expect(scope).toEqual({ areas: ['440304'], units: ['sz-futian', 'sz-futian-a', 'sz-futian-guards'] });
  });
  it('resolves the jurisdiction anew after a unit has moved', () => {
    const view = city();
    const moving = createAccess(view);
    const visible = (): QueryScope => moving.scope(as('office-dispatcher'), 'registration.business.read');
    expect(visible()).toEqual({ areas: ['440304001'], units: [] });
    view.apply('directory-units', [{ id: 'sz-futian-a', doc: { ...view.unit('sz-futian-a')!, areas: ['440305'], revision: 1 } }]);
    expect(visible()).toEqual({ areas: ['440305'], units: [] });
  });
});

/** The rule that the stores apply to documents (see `QueryScope`). */
const visible = (scope: QueryScope, target: Target): boolean =>
  scope === 'everything' ||
  (target.area !== undefined && scope.areas.some((prefix) => target.area!.startsWith(prefix))) ||
  (target.unit !== undefined && scope.units.includes(target.unit)) ||
  (target.owner !== undefined && target.owner === scope.owner);

describe('nobody reads outside', () => {
  const area = fc.string({ unit: fc.constantFrom('1', '2'), minLength: 1, maxLength: 4 });
  const tree = fc.array(fc.record({ parent: fc.nat(), areas: fc.array(area, { maxLength: 2 }) }), { minLength: 1, maxLength: 12 });
  const target = fc.record({ area, unit: fc.nat(11), owner: fc.constantFrom('me', 'other') }, { requiredKeys: ['area'] });

  it("a query shows exactly what a command would find, and never what is neither in the area, nor of the unit, nor one's own", () => {
    fc.assert(
      fc.property(tree, fc.nat(), fc.subarray([...duties]), fc.constantFrom(...policyActions), target, (nodes, at, held, action, drawn) => {
        const view = createDirectoryView();
        const parentOf = (index: number): number | undefined => (index === 0 ? undefined : nodes[index]!.parent % index);
        view.apply(
          'directory-units',
          nodes.map((node, index) => {
            const parent = parentOf(index);
            return unit(`u${index}`, index === 0 ? 'city' : 'office', parent === undefined ? undefined : `u${parent}`, ...node.areas);
          }),
        );
        const home = at % nodes.length;
        view.apply('directory-officers', [officer('me', `u${home}`, held)]);
        const access = createAccess(view);
        const placed: Target = {
          area: drawn.area,
          ...(drawn.unit !== undefined && { unit: `u${drawn.unit}` }),
          ...(drawn.owner !== undefined && { owner: drawn.owner }),
        };
        const found = refusal(() => access.require(as('me'), action, placed, 'thing', 'x'));
        let scope: QueryScope;
        try {
          scope = access.scope(as('me'), action);
        } catch {
          expect(found).toBe('permission-denied/duty-missing');
          return;
        }
        expect(found).toBe(visible(scope, placed) ? 'allowed' : 'not-found/thing-not-found');

        const below = (index: number | undefined): boolean => index !== undefined && (index === home || below(parentOf(index)));
        const inside =
          placed.owner === 'me' ||
          (drawn.unit !== undefined && drawn.unit < nodes.length && below(drawn.unit)) ||
          nodes.some((node, index) => below(index) && node.areas.some((prefix) => drawn.area.startsWith(prefix)));
        const cityWide = policyTable.some((row) => row.action === action && row.scope === 'city' && held.includes(row.duty as Duty));
        if (!inside && !cityWide) expect(found).toBe('not-found/thing-not-found');
      }),
      { numRuns: 2_000 },
    );
  });
});
