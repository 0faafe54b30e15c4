import { describe, expect, test } from 'vitest';
import { file } from './file.ts';
import { published } from './published.double.ts';

const businessId = 'local.chicago.82474';
const entry = (type: string, stream: string, data: object, more = {}) =>
  file.on[type]!.project(undefined, published(type, stream, { businessId, area: '171400042', ...data }, more));

describe('the file of a business', () => {
  test('has one entry per event, with the ids of what it is about', () =>
    expect(
      entry('patrol.RectificationOrdered', 'patrol.Rectification-r1', {
        visitId: 'v1',
        taskId: 't1',
        items: [{}, {}],
        limit: { dueOn: '2026-03-20' },
      }),
    ).toEqual({
      businessId,
      at: '2026-03-02T01:00:00.000Z',
      sortKey: '2026-03-02T01:00:00.000Z patrol.Rectification-r1 0000',
      type: 'patrol.RectificationOrdered',
      summary: 'Rectification ordered 责令改正: 2 items, due 2026-03-20',
      stream: 'patrol.Rectification-r1',
      taskId: 't1',
      visitId: 'v1',
      rectificationId: 'r1',
      revision: 0,
    }));
  test('is in order of occurrence, then stream, then revision', () => {
    const keys = [
      entry('patrol.VisitCompleted', 'patrol.Visit-v1', { completedAt: '2026-03-01T09:00:00.000Z' }, { revision: 12 }),
      entry('patrol.TaskPooled', 'patrol.Task-t1', {}, { revision: 0 }),
      entry('patrol.TaskDispatched', 'patrol.Task-t1', {}, { revision: 1 }),
      entry('patrol.TaskCompleted', 'patrol.Task-t1', {}, { revision: 10 }),
      entry('patrol.VisitStarted', 'patrol.Visit-v1', {}, { revision: 0 }),
    ].map((one) => one!.sortKey);
    expect([...keys].sort()).toEqual(keys);
  });
  test('says in a line what happened', () => {
    const violated = { critical: 1, serious: 0, minor: 3 };
    expect(entry('patrol.VisitCompleted', 'patrol.Visit-v1', { result: 'fail', violated })!.summary).toBe(
      'Visit completed 检查完成: fail; violated: 1 critical, 3 minor',
    );
    expect(entry('registration.BusinessCorrected', `registration.Business-${businessId}`, { changed: ['name', 'contact'] })!.summary).toBe(
      'Entry corrected 变更: name, contact',
    );
  });
  test('holds nothing that a person wrote or is', () => {
    const canary = '张三 13800000000';
    for (const [type, handler] of Object.entries(file.on)) {
      const data = {
        businessId,
        note: canary,
        reason: canary,
        title: canary,
        contact: { subject: 'contact.x', value: canary },
        name: canary,
      };
      const kept = type === 'registration.BusinessClosed' ? { ...data, reason: 'ceased' } : data;
      expect(JSON.stringify(handler.project(undefined, published(type, 'patrol.Task-t1', kept)))).not.toContain(canary);
    }
  });
  test('leaves out what is about no business', () =>
    expect(
      file.on['patrol.TaskPooled']!.project(undefined, published('patrol.TaskPooled', 'patrol.Task-t1', { area: '4403' })),
    ).toBeUndefined());
  test.each([[{ businessId }], [{ businessId, officers: 7, items: 'x', limit: null, violated: 3, changed: {} }], [null], ['text']])(
    'is not stopped by %j',
    (data) => {
      for (const [type, handler] of Object.entries(file.on)) {
        expect(() => handler.project(undefined, published(type, 'patrol.Task-t1', data))).not.toThrow();
      }
    },
  );
});
