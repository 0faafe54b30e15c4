import {
  CalendarServiceDefinition,
  ErasureServiceDefinition,
  OfficerServiceDefinition,
  SimulationServiceDefinition,
  UnitServiceDefinition,
} from '@sanwang/contracts/directory';
import { OperationsServiceDefinition } from '@sanwang/contracts/operations';
import { PatrolServiceDefinition } from '@sanwang/contracts/patrol';
import { BusinessServiceDefinition } from '@sanwang/contracts/registration';
import type { Instant } from '@sanwang/kernel';
import type { Platform } from './platform.ts';

/** Everything that a caller can ask of the platform, as one subject. */
export const clientsOf = (platform: Platform, subject: string) => ({
  units: platform.client(UnitServiceDefinition, subject),
  officers: platform.client(OfficerServiceDefinition, subject),
  calendars: platform.client(CalendarServiceDefinition, subject),
  simulation: platform.client(SimulationServiceDefinition, subject),
  erasure: platform.client(ErasureServiceDefinition, subject),
  businesses: platform.client(BusinessServiceDefinition, subject),
  patrol: platform.client(PatrolServiceDefinition, subject),
  operations: platform.client(OperationsServiceDefinition, subject),
});
export type Clients = ReturnType<typeof clientsOf>;

/** Who works in the made-up city 武岗. */
export const people = {
  bootstrap: 'bootstrap',
  admin: 'adm-1',
  dispatcher: 'dis-1',
  registrar: 'reg-1',
  operator: 'ops-1',
  auditor: 'aud-1',
  north: ['ins-n1', 'ins-n2'],
  south: ['ins-s1', 'ins-s2'],
} as const;

export const districts = {
  north: { unit: 'wg-north', area: '990101', inspectors: people.north },
  south: { unit: 'wg-south', area: '990102', inspectors: people.south },
} as const;
export type District = keyof typeof districts;

const units = [
  { code: 'wg', kind: 'city', name: '武岗市市场监督管理局', areas: ['9901'], timeZone: 'Asia/Shanghai', calendar: 'made-up' },
  { code: 'wg-north', kind: 'district', parent: 'wg', name: '北区局', areas: ['990101'] },
  { code: 'wg-south', kind: 'district', parent: 'wg', name: '南区局', areas: ['990102'] },
];
const officers: readonly (readonly [id: string, unit: string, ...duties: string[]])[] = [
  [people.admin, 'wg', 'directory-admin'],
  [people.dispatcher, 'wg', 'dispatcher'],
  [people.registrar, 'wg', 'registrar'],
  [people.operator, 'wg', 'operator', 'auditor'], // who erases must find the subject
  [people.auditor, 'wg', 'auditor'],
  ...people.north.map((id) => [id, 'wg-north', 'inspector'] as const),
  ...people.south.map((id) => [id, 'wg-south', 'inspector'] as const),
];

export const CHECKLIST = 'mini-inspection';

export interface CityOptions {
  /** Begins a simulation whose clock stands there; a live deployment without. */
  readonly clock?: Instant;
  /** What an officer's personal fields hold. */
  readonly personal?: (id: string) => { readonly name: string; readonly phone: string };
}

/** Founds the city on an empty platform: begins as bootstrap, takes in units, officers, two calendar years and a checklist. */
export const foundCity = async (platform: Platform, options: CityOptions = {}): Promise<void> => {
  const { clock, personal = (id: string) => ({ name: `Officer ${id}`, phone: '13900000000' }) } = options;
  const root = clientsOf(platform, people.bootstrap);
  if (clock !== undefined) await root.simulation.begin({ clock });
  const tokens: string[] = [];
  for (const unit of units) tokens.push((await root.units.registerUnit({ validFrom: '2020-01-01', ...unit })).readToken);
  const certificate = { number: 'C-1', validFrom: '2020-01-01', validTo: '2039-12-31' };
  const registered = await Promise.all(
    officers.map(([id, unit, ...duties]) =>
      root.officers.registerOfficer({
        id,
        unit,
        ...personal(id),
        duties,
        certificate: duties.includes('inspector') ? certificate : undefined,
      }),
    ),
  );
  tokens.push(...registered.map(({ readToken }) => readToken));
  const year = Number((clock ?? new Date().toISOString()).slice(0, 4));
  for (const each of [year, year + 1]) {
    const days = [{ date: `${each}-01-01`, working: false, name: '元旦' }];
    tokens.push((await root.calendars.publishCalendarYear({ calendar: 'made-up', year: each, days, source: 'made up' })).readToken);
  }
  const admin = clientsOf(platform, people.admin);
  await admin.patrol.publishChecklist(
    {
      code: CHECKLIST,
      title: '小型检查要点表',
      type: 'inspection',
      validFrom: '2020-01-01',
      items: [
        { number: '1', text: '证照齐全', severity: 'critical' },
        { number: '2', text: '索证索票', severity: 'serious' },
        { number: '3', text: '环境卫生', severity: 'minor' },
      ],
      rule: undefined,
      signInRadius: undefined,
    },
    // Patrol has then taken in all of the above.
    { readTokens: tokens },
  );
};
