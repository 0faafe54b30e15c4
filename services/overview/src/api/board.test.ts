import type { Unit } from '@sanwang/identity';
import type { FieldFilter, ModelReader, QueryScope, Scalar } from '@sanwang/read-model';
import { describe, expect, test } from 'vitest';
import type { OrderDocument } from '../models/orders.ts';
import type { TaskDocument } from '../models/tasks.ts';
import { board, type BoardQuery } from './board.ts';

const unit = (code: string, kind: Unit['kind'], areas: string[], parent?: string): Unit => ({
  code,
  kind,
  ...(parent && { parent }),
  name: code.toUpperCase(),
  areas,
  validFrom: '2019-01-01',
});
const tree = [
  unit('sz', 'city', ['4403']),
  unit('futian', 'district', ['440304'], 'sz'),
  unit('xiangmihu', 'office', ['440304006'], 'futian'),
  unit('nanshan', 'district', ['440305'], 'sz'),
];
const below = (code: string): string[] => [code, ...tree.filter((one) => one.parent === code).flatMap((one) => below(one.code))];
/** A double of the directory copy: the tree above. */
const directory: BoardQuery['directory'] = {
  unit: (code: string) => tree.find((one) => one.code === code),
  subtree: below,
  cityUnit: () => tree[0],
  unitForArea: (area: string) => tree.findLast((one) => one.areas.some((prefix) => area.startsWith(prefix))),
};

/** A double of a model's reader: counts in memory. */
const counting = (docs: readonly Record<string, unknown>[]): Pick<ModelReader, 'count'> => ({
  count: async ({ where = [], by, scope }: { where?: readonly FieldFilter[]; by: readonly string[]; scope: QueryScope }) => {
    const groups = new Map<string, { key: Record<string, Scalar>; count: number; sums: {} }>();
    for (const doc of docs) {
      const sees =
        scope === 'everything' ||
        scope.areas.some((area) => String(doc['area']).startsWith(area)) ||
        scope.units.includes(String(doc['unit']));
      const fits = where.every(({ field, eq, in: list, lt, exists }) => {
        const value = (doc[field] ?? null) as Scalar;
        if (exists !== undefined) return (value !== null) === exists;
        if (list) return list.includes(value);
        if (lt !== undefined) return value !== null && lt !== null && value < lt;
        return value === eq;
      });
      if (!sees || !fits) continue;
      const key = Object.fromEntries(by.map((field) => [field, (doc[field] ?? null) as Scalar]));
      const group = groups.get(JSON.stringify(key)) ?? { key, count: 0, sums: {} };
      groups.set(JSON.stringify(key), { ...group, count: group.count + 1 });
    }
    return [...groups.values()];
  },
});

const task = (changes: Partial<TaskDocument>) => ({
  area: '440304006',
  status: 'open',
  channel: 'statutory',
  taskType: 'inspection',
  dueOn: '2026-03-10',
  ...changes,
});
const order = (changes: Partial<OrderDocument>) => ({ area: '440304006', unit: 'xiangmihu', status: 'open', overdue: false, ...changes });
const docs = [
  task({ status: 'pooled' }),
  task({ status: 'pooled', dueOn: '2026-03-01' }),
  task({ status: 'pooled', area: '440306001' }),
  task({ unit: 'xiangmihu' }),
  task({ unit: 'xiangmihu', channel: 'external', taskType: 'round', dueOn: '2026-03-01' }),
  task({ unit: 'xiangmihu', dueOn: undefined }),
  task({ unit: 'xiangmihu', status: 'done', dueOn: '2026-03-01' }),
  task({ unit: 'futian', status: 'done' }),
  task({ unit: 'nanshan', area: '440305001', status: 'done' }),
  task({ area: '440305001', status: 'cancelled' }),
];
const ordered = [order({}), order({ overdue: true }), order({ status: 'closed' }), order({ unit: 'nanshan', area: '440305001' })];
const ask = (code: string, scope: QueryScope = 'everything') =>
  board({
    unit: code,
    today: '2026-03-02',
    scope,
    directory,
    tasks: counting(docs) as Pick<ModelReader<TaskDocument>, 'count'>,
    orders: counting(ordered) as Pick<ModelReader<OrderDocument>, 'count'>,
  });

describe('the board', () => {
  test('counts a whole city', async () => {
    const { total, orders, items } = await ask('sz');
    expect(total).toEqual({ pooled: 3, open: 3, overdue: 2, done: 3, cancelled: 1 });
    expect(orders).toEqual({ open: 3, overdue: 1, closed: 1 });
    expect(items.map((row) => row.unit)).toEqual(['sz', 'futian', 'xiangmihu', 'nanshan']);
  });
  test('counts what waits in the pool for the unit responsible for its area, or for the city', async () => {
    const { items } = await ask('sz');
    const pooled = Object.fromEntries(items.map((row) => [row.unit, row.total.pooled]));
    expect(pooled).toEqual({ sz: 1, futian: 0, xiangmihu: 2, nanshan: 0 });
  });
  test('counts by channel and type', async () => {
    const row = (await ask('xiangmihu')).items[0]!;
    expect(row.cells).toEqual([
      { channel: 'external', taskType: 'round', counts: { pooled: 0, open: 1, overdue: 1, done: 0, cancelled: 0 } },
      { channel: 'statutory', taskType: 'inspection', counts: { pooled: 2, open: 2, overdue: 1, done: 1, cancelled: 0 } },
    ]);
  });
  test('shows a unit with those below it and no other', async () => {
    const { items, total, orders } = await ask('futian');
    expect(items.map((row) => row.unit)).toEqual(['futian', 'xiangmihu']);
    expect(total.done).toBe(2);
    expect(orders).toEqual({ open: 2, overdue: 1, closed: 1 });
  });
  test('counts only what the caller may see', async () =>
    expect((await ask('sz', { areas: [], units: ['nanshan'] })).total).toEqual({ pooled: 0, open: 0, overdue: 0, done: 1, cancelled: 0 }));
  test('leaves out units with nothing to count', async () => expect((await ask('sz', { areas: [], units: [] })).items).toEqual([]));
});
