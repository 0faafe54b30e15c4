import type { PublishedEvent } from '@sanwang/event-store';
import { fixedClock } from '@sanwang/kernel';
import type { Document, ModelDefinition } from '@sanwang/read-model';
import { describe, expect, it } from 'vitest';
import { directoryModels } from './directory-models.ts';
import { createDirectoryView, type DirectoryView } from './directory-view.ts';

const models = directoryModels('patrol') as readonly ModelDefinition[];

const published = (type: string, stream: string, revision: number, data: unknown): PublishedEvent => ({
  context: 'directory',
  type,
  version: 1,
  visibility: 'public',
  stream,
  id: `${stream}-${revision}`,
  revision,
  position: revision,
  at: '2010-11-23T08:00:00.000Z',
  recordedAt: '2026-11-23T08:00:00.000Z',
  actor: 'bootstrap',
  commandId: 'c',
  correlationId: 'c',
  data,
});

/** A double of the projection: documents by model, and the hook called with each change. */
const projection = (view?: DirectoryView) => {
  const stores = new Map(models.map((model) => [model.name, new Map<string, Document>()]));
  return {
    readers: models.map((definition) => ({
      definition,
      async *all() {
        for (const [id, doc] of stores.get(definition.name)!) yield { id, doc };
      },
    })),
    deliver(event: PublishedEvent): void {
      for (const model of models) {
        const handler = model.on[`${event.context}.${event.type}`];
        if (!handler) continue;
        const store = stores.get(model.name)!;
        const id = handler.id?.(event) ?? event.stream.slice(event.stream.indexOf('-') + 1);
        const doc = handler.project(store.get(id), event);
        expect(model.schema.safeParse(doc)).toMatchObject({ success: true });
        if (doc) store.set(id, doc);
        else store.delete(id);
        view?.apply(model.name, [{ id, doc }]);
      }
    },
  };
};

const unit = (code: string, kind: string, parent: string | undefined, areas: readonly string[], revision = 0): PublishedEvent =>
  published(revision === 0 ? 'UnitRegistered' : 'UnitChanged', `directory.Unit-${code}`, revision, {
    code,
    kind,
    ...(parent && { parent }),
    name: code,
    areas,
    validFrom: '2010-01-01',
  });
const officer = (id: string, unitCode: string, revision = 0): PublishedEvent =>
  published(revision === 0 ? 'OfficerRegistered' : 'OfficerChanged', `directory.Officer-${id}`, revision, {
    officerId: id,
    name: { subject: `officer.${id}`, key: 'k', iv: 'iv', data: 'CANARY' },
    phone: { subject: `officer.${id}`, key: 'k', iv: 'iv', data: 'CANARY' },
    unit: unitCode,
    duties: ['inspector'],
    certificate: { number: 'C1', validFrom: '2020-01-01', validTo: '2030-01-01' },
    active: true,
  });

describe('the copy of the directory', () => {
  it("holds nothing of an officer's personal fields", async () => {
    const copy = projection();
    copy.deliver(officer('17', 'sz'));
    for (const reader of copy.readers)
      for await (const { doc } of reader.all()) expect(JSON.stringify(doc)).not.toMatch(/CANARY|name|phone/);
  });
  it('answers the same whether it was loaded or followed', async () => {
    const followed = createDirectoryView();
    const copy = projection(followed);
    copy.deliver(unit('sz', 'city', undefined, ['4403']));
    copy.deliver(unit('sz-futian', 'district', 'sz', ['440304']));
    copy.deliver(unit('sz-futian', 'district', 'sz', ['440304', '440399'], 1));
    copy.deliver(officer('2', 'sz-futian'));
    copy.deliver(officer('1', 'sz-futian'));
    copy.deliver(
      published('CalendarYearPublished', 'directory.Calendar-cn-2026', 0, {
        calendar: 'cn',
        year: 2026,
        days: [{ date: '2026-10-01', working: false, name: '国庆' }],
        source: 's',
      }),
    );
    copy.deliver(published('DeploymentBegun', 'directory.Deployment-main', 0, { mode: 'simulation', clock: '2011-09-01T00:00:00.000Z' }));
    const loaded = createDirectoryView();
    await loaded.load(copy.readers);
    for (const view of [followed, loaded]) {
      expect(view.unit('sz-futian')).toMatchObject({ parent: 'sz', areas: ['440304', '440399'] });
      expect(view.subtree('sz')).toEqual(['sz', 'sz-futian']);
      expect(view.subtree('nowhere')).toEqual([]);
      expect(view.cityUnit()?.code).toBe('sz');
      expect(view.officersOf('sz-futian').map(({ id }) => id)).toEqual(['1', '2']);
      expect(view.officer('1')).toMatchObject({ id: '1', duties: ['inspector'], active: true });
      expect(view.calendarYears('cn').get(2026)?.days).toHaveLength(1);
      expect(view.calendarYears('us').size).toBe(0);
      expect(view.deployment()).toEqual({ mode: 'simulation', clock: '2011-09-01T00:00:00.000Z' });
      expect(view.clock.now()).toBe('2011-09-01T00:00:00.000Z');
    }
  });
  it('does not lose what the projection writes while it loads', async () => {
    const copy = projection();
    copy.deliver(unit('sz', 'city', undefined, ['4403']));
    const view = createDirectoryView();
    const loading = view.load(copy.readers);
    view.apply('directory-units', [
      { id: 'sz', doc: { code: 'sz', kind: 'city', name: 'renamed', areas: ['4403'], validFrom: '2020-01-01', revision: 1 } },
    ]);
    await loading;
    expect(view.unit('sz')?.name).toBe('renamed');
  });
  it('leaves an older revision aside', () => {
    const view = createDirectoryView();
    const copy = projection(view);
    copy.deliver(unit('sz', 'city', undefined, ['44'], 1));
    copy.deliver(unit('sz', 'city', undefined, ['99'], 0));
    expect(view.unit('sz')?.areas).toEqual(['44']);
  });
});

describe('the unit tree', () => {
  const view = createDirectoryView();
  const copy = projection(view);
  copy.deliver(unit('a', 'office', 'd', ['440304001']));
  copy.deliver(unit('d', 'district', 'c', ['440304']));
  copy.deliver(unit('c', 'city', undefined, ['4403', '440304']));
  copy.deliver(unit('g', 'contractor', 'a', ['440304001']));

  it.each([
    ['440304001007', 'a'],
    ['440304', 'd'],
    ['440304999', 'd'],
    ['4403', 'c'],
    ['440399', 'c'],
  ])('area %s is the responsibility of %s', (area, code) => expect(view.unitForArea(area)?.code).toBe(code));
  it('knows no unit for an area of another city', () => expect(view.unitForArea('110101')).toBeUndefined());
  it('follows a unit that moves below another, and one that is removed', () => {
    const moving = createDirectoryView();
    const moves = projection(moving);
    for (const [code, parent] of [
      ['c', undefined],
      ['x', 'c'],
      ['y', 'c'],
      ['x1', 'x'],
    ] as const)
      moves.deliver(unit(code, 'office', parent, []));
    expect(moving.subtree('y')).toEqual(['y']);
    moves.deliver(unit('x1', 'office', 'y', [], 1));
    expect(moving.subtree('y')).toEqual(['y', 'x1']);
    moving.apply('directory-units', [{ id: 'x1', doc: undefined }]);
    expect(moving.subtree('y')).toEqual(['y']);
  });
  it('ends also where parents run in a circle', () => {
    const circle = createDirectoryView();
    const rounds = projection(circle);
    rounds.deliver(unit('p', 'office', 'q', []));
    rounds.deliver(unit('q', 'office', 'p', []));
    expect(circle.subtree('p')).toEqual(['p', 'q']);
  });
});

describe("the platform's clock", () => {
  const begun = (data: object): PublishedEvent => published('DeploymentBegun', 'directory.Deployment-main', 0, data);
  const advanced = (to: string, revision: number): PublishedEvent =>
    published('ClockAdvanced', `directory.Clock-${to.slice(0, 7)}`, revision, { to });
  const wall = fixedClock('2026-11-23T00:00:00.000Z');

  it('is the wall before a deployment has begun and in a live one', () => {
    const view = createDirectoryView(wall);
    expect(view.deployment()).toBeUndefined();
    expect(view.clock.now()).toBe(wall.now());
    projection(view).deliver(begun({ mode: 'live' }));
    expect(view.deployment()).toEqual({ mode: 'live' });
    expect(view.clock.now()).toBe(wall.now());
  });
  it("is the latest of a simulation's instants, in whatever order they come", () => {
    const view = createDirectoryView(wall);
    const copy = projection(view);
    copy.deliver(advanced('2011-10-02T00:00:00.000Z', 0));
    copy.deliver(begun({ mode: 'simulation', clock: '2011-09-01T00:00:00.000Z' }));
    copy.deliver(advanced('2011-09-30T00:00:00.000Z', 0));
    expect(view.clock.now()).toBe('2011-10-02T00:00:00.000Z');
  });
  it('wakes its listeners when it moves, and only then', () => {
    const view = createDirectoryView(wall);
    const copy = projection(view);
    const heard: string[] = [];
    const stop = view.onClock((now) => heard.push(now));
    copy.deliver(begun({ mode: 'simulation', clock: '2011-09-01T00:00:00.000Z' }));
    copy.deliver(advanced('2011-09-02T00:00:00.000Z', 0));
    copy.deliver(advanced('2011-09-02T00:00:00.000Z', 0));
    stop();
    copy.deliver(advanced('2011-09-03T00:00:00.000Z', 1));
    expect(heard).toEqual(['2011-09-01T00:00:00.000Z', '2011-09-02T00:00:00.000Z']);
  });
});
