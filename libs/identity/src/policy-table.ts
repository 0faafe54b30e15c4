import type { Duty } from './port.ts';

/**
 * How far a permission reaches. `self`: what the caller owns. `unit`: what belongs to the caller's unit or one below it.
 * `area`: what lies in the areas of the caller's unit and those below it. `city`: everything.
 */
export type Reach = 'self' | 'unit' | 'area' | 'city';

/**
 * Who a row speaks of: an officer's duty, the bootstrap subject that makes a new deployment's first imports, or a service that
 * calls in its own name (a call that it passes on is its caller's).
 */
export type Grantee = Duty | 'bootstrap' | `service:${string}`;

export interface PolicyRow {
  readonly duty: Grantee;
  readonly action: string;
  readonly scope: Reach;
}

/** Every action of the platform. An action that no row allows to anyone is still known: it is merely denied. */
export const policyActions = [
  'directory.unit.write',
  'directory.unit.read',
  'directory.reorganisation.write',
  'directory.reorganisation.read',
  'directory.officer.write',
  'directory.officer.grant-city-duty',
  'directory.officer.read',
  'directory.calendar.write',
  'directory.calendar.read',
  'directory.simulation.begin',
  'directory.simulation.advance',
  'directory.subject.erase',
  'registration.business.register',
  'registration.business.correct',
  'registration.business.move',
  'registration.business.close',
  'registration.business.void',
  'registration.business.grade',
  'registration.business.override-check-digit',
  'registration.business.import',
  'registration.business.read',
  'patrol.task.pool',
  'patrol.task.dispatch',
  'patrol.task.assign',
  'patrol.task.accept',
  'patrol.task.push-back',
  'patrol.task.reassign',
  'patrol.task.cancel',
  'patrol.task.complete',
  'patrol.task.read',
  'patrol.visit.start',
  'patrol.visit.record',
  'patrol.visit.complete',
  'patrol.visit.read',
  'patrol.rectification.issue',
  'patrol.rectification.report',
  'patrol.rectification.recheck',
  'patrol.rectification.cancel',
  'patrol.rectification.read',
  'patrol.checklist.write',
  'patrol.checklist.read',
  'patrol.dispatch-rules.write',
  'patrol.dispatch-rules.read',
  'patrol.attachment.store',
  'patrol.attachment.read',
  'overview.board.read',
  'overview.file.read',
  'overview.workload.read',
  'operations.rebuild',
  'operations.verify',
  'operations.parked.read',
  'operations.parked.write',
  'operations.backup',
  'operations.status',
  'operations.settle',
] as const;
export type PolicyAction = (typeof policyActions)[number];

/**
 * Duties that reach the whole city. Who gives one to an officer needs `directory.officer.grant-city-duty` on the city itself
 * (a target that names nothing), or a district's administrator could make himself an auditor of the city.
 */
export const cityDuties: readonly Duty[] = ['operator', 'auditor'];

const isRead = (action: string): boolean => action.endsWith('.read') || action === 'operations.status';
const reads = policyActions.filter(isRead);

/** Reference data that everyone needs for daily work and that holds nothing of any person. */
const reference: readonly PolicyAction[] = [
  'directory.unit.read',
  'directory.reorganisation.read',
  'directory.calendar.read',
  'patrol.checklist.read',
];

/** Carrying out a task, from its acceptance to the recheck of what it led to. */
const fieldwork: readonly PolicyAction[] = [
  'patrol.task.accept',
  'patrol.task.push-back',
  'patrol.task.complete',
  'patrol.visit.start',
  'patrol.visit.record',
  'patrol.visit.complete',
  'patrol.rectification.issue',
  'patrol.rectification.report',
  'patrol.rectification.recheck',
];
/** What the fieldwork leaves behind. */
const records: readonly PolicyAction[] = ['patrol.task.read', 'patrol.visit.read', 'patrol.rectification.read', 'patrol.attachment.read'];

const grant = (duty: Grantee, scope: Reach, ...actions: readonly PolicyAction[]): readonly PolicyRow[] =>
  actions.map((action) => ({ duty, action, scope }));

/** The policy: what is not in here is denied. Several rows for one duty and action add up. */
export const policyTable: readonly PolicyRow[] = [
  // 执法/巡查人员: carries out what its unit was given; sees the businesses of its area, and what it took part in anywhere.
  ...grant('inspector', 'city', ...reference, 'patrol.attachment.store'), // a photograph has no place until an event names it
  ...grant('inspector', 'self', 'directory.officer.read', 'overview.workload.read'),
  ...grant('inspector', 'area', 'registration.business.read', 'overview.file.read'),
  ...grant('inspector', 'unit', ...fieldwork),
  ...grant('inspector', 'self', ...fieldwork), // also where a task of another unit was given to the officer by name
  ...grant('inspector', 'unit', 'directory.officer.read', 'overview.board.read'), // colleagues: an inspection needs two officers
  ...grant('inspector', 'unit', ...records),
  ...grant('inspector', 'self', ...records),

  // 分拨员: takes tasks into the pool of its area, and gives them out to the units there and to the officers below it.
  ...grant('dispatcher', 'city', ...reference, 'patrol.dispatch-rules.read'),
  ...grant('dispatcher', 'area', 'patrol.task.pool', 'patrol.task.dispatch', 'patrol.task.cancel', 'patrol.dispatch-rules.write'),
  ...grant('dispatcher', 'unit', 'patrol.task.dispatch', 'patrol.task.cancel'), // a unit's tasks stay its own when areas move
  ...grant('dispatcher', 'unit', 'patrol.task.assign', 'patrol.task.reassign', 'patrol.task.push-back', 'patrol.rectification.cancel'),
  ...grant('dispatcher', 'unit', 'directory.officer.read', 'overview.board.read', 'overview.workload.read'),
  ...grant('dispatcher', 'area', 'registration.business.read', 'overview.file.read', 'overview.board.read'),
  ...grant('dispatcher', 'area', ...records),
  ...grant('dispatcher', 'unit', ...records),

  // 登记人员: keeps the register of the businesses of its area.
  ...grant('registrar', 'city', 'directory.unit.read', 'directory.calendar.read'),
  ...grant('registrar', 'self', 'directory.officer.read', 'overview.workload.read'),
  ...grant('registrar', 'area', 'registration.business.register', 'registration.business.correct', 'registration.business.move'),
  ...grant('registrar', 'area', 'registration.business.close', 'registration.business.void', 'registration.business.grade'),
  ...grant('registrar', 'area', 'registration.business.override-check-digit', 'registration.business.read', 'overview.file.read'),
  ...grant('registrar', 'unit', 'registration.business.import'), // asked of the city itself: an import passes over the check digit

  // Keeps units, officers and checklists of its unit and below. What names no place (calendars, checklists) is the city's own.
  ...grant('directory-admin', 'city', ...reference),
  ...grant('directory-admin', 'unit', 'directory.unit.write', 'directory.officer.write', 'directory.officer.read'),
  ...grant('directory-admin', 'unit', 'directory.calendar.write', 'patrol.checklist.write', 'directory.officer.grant-city-duty'),
  ...grant('directory-admin', 'unit', 'directory.reorganisation.write'), // asked of the city itself

  // 运维: keeps the platform running and carries out erasures; has no part in the net's own work and sees none of it.
  ...grant('operator', 'city', 'directory.unit.read', 'directory.calendar.read'),
  ...grant('operator', 'city', 'directory.simulation.advance', 'directory.subject.erase'),
  ...grant('operator', 'city', 'operations.rebuild', 'operations.verify', 'operations.backup', 'operations.status'),
  ...grant('operator', 'city', 'operations.parked.read', 'operations.parked.write'),

  // Reads everything of the city, changes nothing; `verify` proves the log untampered and changes nothing either.
  ...grant('auditor', 'city', ...reads, 'operations.verify'),

  // The first imports of an empty deployment: units and officers, and with them the calendar that the city unit names (a limit
  // cannot be reckoned without it) and the choice between live and simulation, which only an empty log takes. And it reads.
  ...grant('bootstrap', 'city', 'directory.unit.write', 'directory.officer.write', 'directory.officer.grant-city-duty'),
  ...grant('bootstrap', 'city', 'directory.calendar.write'),
  ...grant('bootstrap', 'city', 'directory.simulation.begin', ...reads),

  // Before the simulated clock goes on, the directory asks every service what still moves there.
  ...grant('service:directory', 'city', 'operations.settle'),
  // Long work of the whole cluster outlives its caller's token: the gateway follows it under its own.
  ...grant('service:gateway', 'city', 'operations.status'),
];
