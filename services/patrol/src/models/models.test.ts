import type { PublishedEvent } from '@sanwang/event-store';
import type { Document, ModelDefinition } from '@sanwang/read-model';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { catalogue } from '../catalogue.ts';
import { attachments } from './attachments.ts';
import { businesses } from './businesses.ts';
import { rectifications } from './rectifications.ts';
import { tasks } from './tasks.ts';
import { visits } from './visits.ts';

/** Projects `[type, data]` of one stream, an hour apart. */
const project = <Doc extends Document>(
  model: ModelDefinition<Doc>,
  stream: string,
  ...events: readonly [string, object][]
): Doc | undefined =>
  events.reduce<Doc | undefined>((doc, [type, data], revision) => {
    const context = stream.slice(0, stream.indexOf('.'));
    const at = new Date(Date.UTC(2012, 2, 1, revision)).toISOString();
    const event: PublishedEvent = {
      context,
      stream,
      type,
      data,
      revision,
      at,
      recordedAt: at,
      position: revision,
      id: `${revision}`,
      version: 1,
      visibility: 'public',
      actor: 'o1',
      commandId: 'c',
      correlationId: 'c',
    };
    const next = model.on[`${context}.${type}`]?.project(doc, event);
    return next && model.schema.parse(JSON.parse(JSON.stringify(next)));
  }, undefined);

const about = { businessId: 'local.cdph.17', area: '171400042', unit: 'ward-42' };

describe('tasks', () => {
  const { unit, ...pooled } = {
    ...about,
    channel: 'risk',
    type: 'round',
    checklist: 'street',
    priority: 1,
    title: 'Look',
    source: { system: 's', key: 'k' },
  };
  const TaskPooled: [string, object] = ['TaskPooled', pooled];
  const history: [string, object][] = [
    TaskPooled,
    ['TaskDispatched', { ...about, by: 'area' }],
    ['TaskAssigned', { ...about, officers: ['o1'], proposed: true }],
  ];
  test('show who has the task', () =>
    expect(project(tasks, 'patrol.Task-t1', ...history)).toMatchObject({
      id: 't1',
      revision: 2,
      status: 'assigned',
      unit,
      officers: ['o1'],
    }));
  test('show a task that came back to the pool without unit and officers', () => {
    const doc = project(
      tasks,
      'patrol.Task-t1',
      ...history,
      ['TaskPushedBack', { ...about, to: 'unit', reason: 'far' }],
      ['TaskPushedBack', { ...about, to: 'pool', reason: 'not ours' }],
    );
    expect(doc).toMatchObject({ status: 'pooled', officers: [], reason: 'not ours', revision: 4 });
    expect(doc).not.toHaveProperty('unit');
  });
  test('show when it was closed', () =>
    expect(project(tasks, 'patrol.Task-t1', TaskPooled, ['TaskCancelled', { ...about, reason: 'doubled' }])).toMatchObject({
      status: 'cancelled',
      pooledAt: '2012-03-01T00:00:00.000Z',
      closedAt: '2012-03-01T01:00:00.000Z',
    }));
  test('do not throw on an event without a beginning', () =>
    expect(project(tasks, 'patrol.Task-t1', ['TaskAccepted', { ...about, officer: 'o1' }])).toBeUndefined());
  test('are found by title, name and source key', () =>
    expect(tasks.search!({ ...project(tasks, 'patrol.Task-t1', TaskPooled)!, businessName: '面馆' })).toEqual(['Look', '面馆', 'k']));
});

describe('visits', () => {
  const started = {
    ...about,
    taskId: 't1',
    type: 'inspection',
    on: '2012-03-01',
    officers: [{ id: 'o1', certificate: 'C' }, { id: 'o2' }],
    checklist: { code: 'catering', version: 2, items: 2 },
  };
  test('take the time given by the officers before the time of the event', () => {
    const completed = { ...about, result: 'pass', violated: { critical: 0, serious: 0, minor: 0 }, correctedOnSpot: 0 };
    const doc = project(
      visits,
      'patrol.Visit-v1',
      ['VisitStarted', { ...started, startedAt: '2012-02-29T23:00:00.000Z' }],
      ['VisitCompleted', completed],
    );
    expect(doc).toMatchObject({ startedAt: '2012-02-29T23:00:00.000Z', completedAt: '2012-03-01T01:00:00.000Z', officers: ['o1', 'o2'] });
  });
  test('keep the last answer to an item, and its remarks only', () => {
    const violated = { number: '1', severity: 'critical' };
    const doc = project(
      visits,
      'patrol.Visit-v1',
      ['VisitStarted', started],
      ['ItemsRecorded', { conforms: ['2'], notApplicable: [], violates: [violated], remarks: [{ number: '1', note: 'cold' }] }],
      ['ItemsRecorded', { conforms: ['1'], notApplicable: ['2'], violates: [] }],
    );
    expect(doc?.items).toEqual({ conforms: ['1'], notApplicable: ['2'], violates: [], remarks: [] });
  });
});

describe('rectifications', () => {
  const ordered: [string, object] = [
    'RectificationOrdered',
    {
      ...about,
      visitId: 'v1',
      taskId: 't1',
      items: [{ number: '1', severity: 'minor' }],
      limit: { dueOn: '2012-03-10', due: '2012-03-11T05:59:59.999Z' },
    },
  ];
  test('remember that a limit passed, also under a new one', () => {
    const newLimit = { dueOn: '2012-03-20', due: '2012-03-21T04:59:59.999Z' };
    const doc = project(
      rectifications,
      'patrol.Rectification-r1',
      ordered,
      ['RectificationOverdue', about],
      ['CorrectionReported', { ...about, late: true }],
      ['RectificationRechecked', { ...about, recheckVisitId: 'v2', result: 'not-corrected', late: true, newLimit }],
    );
    expect(doc).toMatchObject({ kind: 'order', status: 'ordered', dueOn: '2012-03-20', overdue: true, rechecks: 1 });
    expect(doc).not.toHaveProperty('reportedAt');
  });
  test('show what was corrected on the spot as closed', () =>
    expect(
      project(rectifications, 'patrol.Rectification-r1', ['CorrectedOnTheSpot', { ...(ordered[1] as object), limit: undefined }]),
    ).toMatchObject({
      kind: 'on-the-spot',
      status: 'corrected',
      closedAt: '2012-03-01T00:00:00.000Z',
    }));
});

describe('businesses', () => {
  const registered: [string, object] = [
    'BusinessRegistered',
    { name: 'Noodles', businessType: 'restaurant', area: '171400042', address: '1 Main St' },
  ];
  const stream = 'registration.Business-local.cdph.17';
  test('follow corrections, moves and closing', () =>
    expect(
      project(
        businesses,
        stream,
        registered,
        ['BusinessCorrected', { area: '171400042', name: 'Noodle House' }],
        ['BusinessMoved', { area: '171400007', coordinates: { latitude: 1, longitude: 2 } }],
      ),
    ).toMatchObject({
      id: 'local.cdph.17',
      name: 'Noodle House',
      area: '171400007',
      coordinates: { latitude: 1, longitude: 2 },
      status: 'open',
    }));
  test('forget the coordinates of the old address', () => {
    const there: [string, object] = ['BusinessMoved', { area: '171400007', coordinates: { latitude: 1, longitude: 2 } }];
    expect(project(businesses, stream, registered, there, ['BusinessMoved', { area: '171400008' }])).not.toHaveProperty('coordinates');
  });
  test('keep nothing that patrol does not need', () => expect(project(businesses, stream, registered)).not.toHaveProperty('address'));
  test('know what is closed or void', () => {
    expect(project(businesses, stream, registered, ['BusinessClosed', { area: '171400042' }])?.status).toBe('closed');
    expect(project(businesses, stream, registered, ['BusinessVoided', { area: '171400042' }])?.status).toBe('void');
  });
});

describe('attachments', () => {
  test('are known of every event whose data can name one: what is not known is removed after a day', () => {
    const naming = [...catalogue.types].filter(([, { schema }]) =>
      JSON.stringify(z.toJSONSchema(schema, { unrepresentable: 'any' })).includes('"mediaType"'),
    );
    expect(Object.keys(attachments.on).sort()).toEqual(naming.map(([type]) => `patrol.${type}`).sort());
  });
  test('are listed by event, each once, in the order of their storing', () => {
    const photo = (id: string) => ({ id, mediaType: 'image/jpeg', size: 1, hash: 'ff' });
    const remarks = [
      { number: '1', attachments: [photo('b'), photo('a')] },
      { number: '2', note: 'x' },
      { number: '3', attachments: [photo('b')] },
    ];
    expect(project(attachments, 'patrol.Visit-v1', ['ItemsRecorded', { conforms: [], notApplicable: [], violates: [], remarks }])).toEqual({
      ids: ['a', 'b'],
      first: 'a',
      last: 'b',
    });
    expect(
      project(attachments, 'patrol.Visit-v1', ['ItemsRecorded', { conforms: ['1'], notApplicable: [], violates: [] }]),
    ).toBeUndefined();
  });
});
