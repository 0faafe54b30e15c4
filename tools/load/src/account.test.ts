import { expect, it } from 'vitest';
import { account, type ShownTask } from './account.ts';

const shown = (key: string, id: string, revision: number): ShownTask => ({
  id,
  revision,
  status: 'cancelled',
  source: { system: 'load', key },
});
const acknowledged = new Map([
  ['1', { id: 'a', commands: 2 }],
  ['2', { id: 'b', commands: 2 }],
]);

it('is content when each task is there once with its events', () => {
  expect(account(acknowledged, [shown('1', 'a', 1), shown('2', 'b', 1)])).toEqual({
    acknowledged: 2,
    found: 2,
    lost: [],
    doubled: [],
    unasked: [],
  });
});

it('names what is missing, also where only the second command is', () => {
  expect(account(acknowledged, [shown('1', 'a', 0)])).toMatchObject({ lost: ['1', '2'], doubled: [] });
});

it('names what is there twice, as another task or as another event', () => {
  expect(account(acknowledged, [shown('1', 'a', 1), shown('1', 'c', 1), shown('2', 'b', 2)])).toMatchObject({
    lost: [],
    doubled: ['1', '2'],
  });
});

it('names what nobody asked for', () => {
  expect(account(acknowledged, [shown('1', 'a', 1), shown('2', 'b', 1), shown('3', 'c', 1)])).toMatchObject({ unasked: ['3'] });
});
