import type { PublishedEvent } from '@sanwang/event-store';
import { describe, expect, test } from 'vitest';
import { businesses, type BusinessDocument } from './businesses.ts';

const id = 'local.chicago.82474';
const facts = {
  number: { kind: 'local', value: '82474', authority: 'chicago' },
  name: 'NOODLE BAR',
  businessType: 'restaurant',
  address: '1 MAIN ST',
  coordinates: { latitude: 41.8, longitude: -87.6 },
  area: '171400042',
  licences: [{ number: '82474', kind: 'retail-food' }],
};
let revision = 0;
const event = (type: string, data: object): PublishedEvent => ({
  context: 'registration',
  type,
  version: 1,
  visibility: 'public',
  stream: `registration.Business-${id}`,
  id: `e${revision}`,
  revision: revision++,
  position: revision,
  at: '2011-09-02T14:00:00.000Z',
  recordedAt: '2026-11-23T08:00:00.000Z',
  actor: 'r1',
  commandId: 'c',
  correlationId: 'c',
  data: { businessId: id, area: facts.area, ...data },
});
const project = (...events: readonly (readonly [string, object])[]): BusinessDocument | undefined => {
  revision = 0;
  return events.reduce<BusinessDocument | undefined>((doc, [type, data]) => {
    const next = event(type, data);
    return businesses.on[`registration.${type}`]!.project(doc, next);
  }, undefined);
};
const contact = { subject: `contact.${id}.0a1b2c3d4e5f`, value: 'Ann' };
const registered = ['BusinessRegistered', { ...facts, contact, source: 'import', numberWarning: { checkDigit: 'R' } }] as const;

describe('the register', () => {
  test('shows a business as registered, every document as its schema says', () => {
    const doc = project(registered);
    expect(doc).toEqual({
      id,
      ...facts,
      contact,
      licenceNumber: '82474',
      status: 'active',
      registeredAt: '2011-09-02T14:00:00.000Z',
      expectedCheckDigit: 'R',
      revision: 0,
    });
    expect(businesses.schema.safeParse(doc).error).toBeUndefined();
  });
  test('shows corrections, and no person that was removed', () => {
    const licences = [{ number: '99', kind: 'retail-food' }];
    const doc = project(registered, [
      'BusinessCorrected',
      { name: 'NOODLES', businessType: 'grocery', licences, changed: ['name', 'contact', 'licences'] },
    ]);
    expect(doc).toMatchObject({ name: 'NOODLES', businessType: 'grocery', licences, licenceNumber: '99', revision: 1 });
    expect(doc).not.toHaveProperty('contact');
  });
  test('keeps a person that a correction does not concern', () =>
    expect(project(registered, ['BusinessCorrected', { ...facts, changed: ['name'] }])).toHaveProperty('contact', contact));
  test('shows a move, without the coordinates of the old place', () => {
    const doc = project(registered, ['BusinessMoved', { address: '2 LAKE ST', area: '171400001', previousArea: facts.area }]);
    expect(doc).toMatchObject({ address: '2 LAKE ST', area: '171400001' });
    expect(doc).not.toHaveProperty('coordinates');
  });
  test('shows grade, closing and voiding', () =>
    expect(
      project(
        registered,
        ['RiskGradeChanged', { riskGrade: 'C', reason: 'x' }],
        ['BusinessClosed', { reason: 'ceased', closedOn: '2012-01-01' }],
        ['BusinessVoided', { replacedBy: 'local.chicago.1', reason: 'x' }],
      ),
    ).toMatchObject({ riskGrade: 'C', status: 'voided', closedOn: '2012-01-01', replacedBy: 'local.chicago.1', revision: 3 }));
  test('stays quiet about a business it never saw registered', () =>
    expect(project(['BusinessClosed', { reason: 'ceased', closedOn: '2012-01-01' }])).toBeUndefined());
  test('is searched by name, address, number and licences', () =>
    expect(businesses.search!(project(registered)!)).toEqual(['NOODLE BAR', '1 MAIN ST', '82474', '82474']));
});
