import { OverviewServiceDefinition } from '@sanwang/contracts/overview';
import { expectedCounts, planCounts, posts, type FileCounts, type Plan, type PolicyCounts } from '@sanwang/replay';
import { table } from '../table.ts';
import type { Setup } from './setup.ts';

/** What the platform's read models show at the end, counted through its API. */
export interface Shown {
  readonly businesses: number;
  readonly tasks: number;
  readonly tasksOpen: number;
  readonly tasksDone: number;
  readonly visits: Readonly<Record<string, number>>;
  /** Of the file's own rows: visits of tasks that came from it. */
  readonly fileVisits: Readonly<Record<string, number>>;
  readonly findings: Readonly<Record<'critical' | 'serious' | 'minor', number>>;
  readonly fileFindings: Readonly<Record<'critical' | 'serious' | 'minor', number>>;
  readonly rectifications: Readonly<Record<string, number>>;
  readonly overdue: number;
}

const PAGE = 500;

async function* every<Item>(
  list: (pageToken: string | undefined) => Promise<{ items: Item[]; nextPageToken?: string | undefined }>,
): AsyncGenerator<Item> {
  let pageToken: string | undefined;
  do {
    const page = await list(pageToken);
    yield* page.items;
    pageToken = page.nextPageToken === '' ? undefined : page.nextPageToken;
  } while (pageToken !== undefined);
}

const add = (counts: Record<string, number>, key: string, by = 1): void => void (counts[key] = (counts[key] ?? 0) + by);

/** Counts by the lists of the API, as the auditor, who sees the whole city. */
export const countShown = async ({ platform, clients }: Setup): Promise<Shown> => {
  const { businesses, patrol } = await clients(posts.auditor);
  const overview = await platform.client(OverviewServiceDefinition, posts.auditor);
  const { total } = await overview.getBoard({});
  const fromFile = new Set<string>();
  let tasks = 0;
  for await (const task of every((pageToken) => patrol.listTasks({ pageSize: PAGE, pageToken }))) {
    tasks++;
    if (task.source?.system === 'inspection-file') fromFile.add(task.id);
  }
  const visits: Record<string, number> = {};
  const fileVisits: Record<string, number> = {};
  const findings = { critical: 0, serious: 0, minor: 0 };
  const fileFindings = { critical: 0, serious: 0, minor: 0 };
  for await (const visit of every((pageToken) => patrol.listVisits({ pageSize: PAGE, pageToken }))) {
    const own = fromFile.has(visit.taskId);
    add(visits, visit.result ?? visit.status);
    if (own) add(fileVisits, visit.result ?? visit.status);
    for (const severity of ['critical', 'serious', 'minor'] as const) {
      findings[severity] += visit[severity];
      if (own) fileFindings[severity] += visit[severity];
    }
  }
  const rectifications: Record<string, number> = {};
  let overdue = 0;
  for await (const order of every((pageToken) => patrol.listRectifications({ pageSize: PAGE, pageToken }))) {
    add(rectifications, `${order.kind}: ${order.status}${order.late ? ', late' : ''}`);
    if (order.overdue) overdue++;
  }
  let known = 0;
  for await (const _ of every((pageToken) => businesses.listBusinesses({ pageSize: PAGE, pageToken }))) known++;
  return {
    businesses: known,
    tasks,
    tasksOpen: total?.open ?? 0,
    tasksDone: total?.done ?? 0,
    visits,
    fileVisits,
    findings,
    fileFindings,
    rectifications,
    overdue,
  };
};

interface Row {
  readonly what: string;
  readonly file: number | string;
  readonly policy: number | string;
  readonly platform: number;
  readonly expected: number;
}

const rowsOf = (file: FileCounts, policy: PolicyCounts, plan: Plan, shown: Shown): readonly Row[] => {
  const made = Object.values(policy.work).reduce((sum, count) => sum + count, 0);
  const orders = policy.orders.critical + policy.orders.serious;
  const sum = (record: Readonly<Record<string, number>>): number => Object.values(record).reduce((total, count) => total + count, 0);
  const both = (what: string, own: number, platform: number, all: number): Row => ({
    what,
    file: own,
    policy: all - own,
    platform,
    expected: all,
  });
  const visited = (result: string): number => plan.work.filter((work) => work.result === result).length;
  return [
    both('businesses', file.businesses, shown.businesses, file.businesses),
    both('tasks', file.rows, shown.tasks, file.rows + made),
    both('tasks completed', file.rows, shown.tasksDone, file.rows + made),
    ...(['pass', 'pass-with-conditions', 'fail'] as const).flatMap((result) => [
      both(`visits: ${result}`, file.visits[result], shown.visits[result] ?? 0, visited(result)),
      {
        what: `  of the file: ${result}`,
        file: file.visits[result],
        policy: '',
        platform: shown.fileVisits[result] ?? 0,
        expected: file.visits[result],
      },
    ]),
    ...(['critical', 'serious', 'minor'] as const).map((severity) => ({
      what: `findings of the file: ${severity}`,
      file: file.items[severity],
      policy: '',
      platform: shown.fileFindings[severity],
      expected: file.items[severity],
    })),
    {
      what: 'rectifications',
      file: '',
      policy: orders + policy.correctedOnTheSpot,
      platform: sum(shown.rectifications),
      expected: orders + policy.correctedOnTheSpot,
    },
    { what: 'orders ever overdue', file: '', policy: policy.overdue, platform: shown.overdue, expected: policy.overdue },
  ];
};

/** The final table: what the file says, what the policy added, what the platform shows; and whether they agree. */
export const report = (plan: Plan, shown: Shown): { readonly text: string; readonly agrees: boolean } => {
  const file = expectedCounts(plan.rows);
  const { derived, policy } = planCounts(plan);
  const rows = rowsOf(file, policy, plan, shown);
  const lines = [
    table(
      ['', 'file', 'policy', 'platform', ''],
      rows.map(({ what, file: own, policy: made, platform, expected }) => [
        what,
        own,
        made,
        platform,
        platform === expected ? 'agrees' : `EXPECTED ${expected}`,
      ]),
    ),
    '',
    'Rectifications by outcome (all from the policy):',
    table(
      ['outcome', 'count'],
      Object.entries(shown.rectifications)
        .sort()
        .map(([outcome, count]) => [outcome, count]),
    ),
    '',
    `Found out about the rows: ward from file ${derived.wards.file}, from the licence's other visits ${derived.wards.licence}, from the nearest point ${derived.wards.nearest}, none (city unit) ${derived.wards.city}; ${derived.renamed} renamed, ${derived.moved} moved, ${derived.reasons} results with a reason.`,
    `Made up by the policy: rechecks ${policy.work.recheck}, complaints ${policy.work.complaint}, rounds ${policy.work.risk}, second visits ${policy.work.revisit}; orders in time ${policy.outcomes['in-time']}, late ${policy.outcomes.late}, second limit ${policy.outcomes['second-limit']}, never ${policy.outcomes.never}; samples suggested ${policy.samples}, clues ${policy.clues}.`,
  ];
  return { text: lines.join('\n'), agrees: rows.every(({ platform, expected }) => platform === expected) };
};
