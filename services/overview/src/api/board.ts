import type { Directory } from '@sanwang/identity';
import type { ModelReader, QueryScope } from '@sanwang/read-model';
import type { OrderDocument } from '../models/orders.ts';
import type { TaskDocument } from '../models/tasks.ts';

export interface TaskCounts {
  pooled: number;
  open: number;
  overdue: number;
  done: number;
  cancelled: number;
}
export interface OrderCounts {
  open: number;
  overdue: number;
  closed: number;
}
interface Row {
  readonly total: TaskCounts;
  readonly orders: OrderCounts;
  readonly cells: Map<string, { channel: string; taskType: string; counts: TaskCounts }>;
}
const noTasks = (): TaskCounts => ({ pooled: 0, open: 0, overdue: 0, done: 0, cancelled: 0 });
const noOrders = (): OrderCounts => ({ open: 0, overdue: 0, closed: 0 });
const newRow = (): Row => ({ total: noTasks(), orders: noOrders(), cells: new Map() });

export interface BoardQuery {
  readonly unit: string;
  /** The city's local date. */
  readonly today: string;
  readonly scope: QueryScope;
  readonly directory: Pick<Directory, 'unit' | 'subtree' | 'cityUnit' | 'unitForArea'>;
  readonly tasks: Pick<ModelReader<TaskDocument>, 'count'>;
  readonly orders: Pick<ModelReader<OrderDocument>, 'count'>;
}

/**
 * The board of a unit and those below it. What is in the pool has no unit yet: it counts for the unit responsible for its area.
 * Overdue are tasks that have not ended and whose due date has passed.
 */
export const board = async ({ unit, today, scope, directory, tasks, orders }: BoardQuery) => {
  const units = directory.subtree(unit);
  const shown = new Set(units);
  const city = directory.cityUnit()?.code;
  const rows = new Map<string, Row>();
  const total = noTasks();
  const totalOrders = noOrders();

  const rowOf = (code: string): Row => {
    const row = rows.get(code) ?? newRow();
    rows.set(code, row);
    return row;
  };
  const add = (count: number, field: keyof TaskCounts, key: Readonly<Record<string, unknown>>): void => {
    const code = typeof key['unit'] === 'string' ? key['unit'] : (directory.unitForArea(String(key['area']))?.code ?? city);
    if (code === undefined || !shown.has(code)) return;
    const [channel, taskType] = [String(key['channel']), String(key['taskType'])];
    const row = rowOf(code);
    const cell = row.cells.get(`${channel} ${taskType}`) ?? { channel, taskType, counts: noTasks() };
    row.cells.set(`${channel} ${taskType}`, cell);
    for (const counts of [total, row.total, cell.counts]) counts[field] += count;
  };

  const byUnit = ['unit', 'channel', 'taskType'];
  const byArea = ['area', 'channel', 'taskType'];
  const withUnit = { field: 'unit', in: units };
  const withoutUnit = { field: 'unit', exists: false };
  const late = [
    { field: 'status', in: ['pooled', 'open'] },
    { field: 'dueOn', lt: today },
  ];
  const [inUnits, inPool, lateInUnits, lateInPool, ordered] = await Promise.all([
    tasks.count({ where: [withUnit], scope, by: [...byUnit, 'status'] }),
    tasks.count({ where: [withoutUnit], scope, by: [...byArea, 'status'] }),
    tasks.count({ where: [withUnit, ...late], scope, by: byUnit }),
    tasks.count({ where: [withoutUnit, ...late], scope, by: byArea }),
    orders.count({ where: [withUnit], scope, by: ['unit', 'status', 'overdue'] }),
  ]);
  for (const { key, count } of [...inUnits, ...inPool]) add(count, key['status'] as keyof TaskCounts, key);
  for (const { key, count } of [...lateInUnits, ...lateInPool]) add(count, 'overdue', key);
  for (const { key, count } of ordered) {
    for (const counts of [totalOrders, rowOf(String(key['unit'])).orders]) {
      counts[key['status'] as 'open' | 'closed'] += count;
      if (key['overdue'] === true) counts.overdue += count;
    }
  }

  const items = units.flatMap((code) => {
    const row = rows.get(code);
    if (!row) return [];
    const known = directory.unit(code);
    const cells = [...row.cells.entries()].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, cell]) => cell);
    return [{ unit: code, name: known?.name ?? code, kind: known?.kind ?? '', total: row.total, orders: row.orders, cells }];
  });
  return { unit, asOf: today, total, orders: totalOrders, items };
};
