import { specify } from '@sanwang/testing';
import { describe, expect, test } from 'vitest';
import { defaultRule } from '../shared/conclusion.ts';
import { checklist, inForce } from './decider.ts';
import type { ChecklistEvent, ChecklistVersion } from './events.ts';

const version = (validFrom: string, change: Partial<ChecklistVersion> = {}): ChecklistVersion => ({
  title: 'Catering 餐饮服务',
  type: 'inspection',
  validFrom,
  items: [
    { number: '1', text: 'Food comes from an approved source', severity: 'critical' },
    { number: '2.1', text: 'Walls are clean', severity: 'minor' },
  ],
  rule: defaultRule,
  signInRadius: 200,
  ...change,
});
const published = (data: ChecklistVersion): ChecklistEvent => ({ type: 'ChecklistPublished', data });
const { given } = specify(checklist);

describe('publish', () => {
  test('adds a version', () =>
    given(published(version('2011-01-01')))
      .when({ type: 'publish', version: version('2012-01-01') })
      .then(published(version('2012-01-01'))));
  test('stays quiet when the last version is the same', () =>
    given(published(version('2011-01-01')))
      .when({ type: 'publish', version: version('2011-01-01') })
      .staysQuiet());
  test('refuses two items of one number', () =>
    given()
      .when({ type: 'publish', version: version('2011-01-01', { items: [...version('').items, version('').items[0]!] }) })
      .refuses('invalid-argument', 'item-number-taken', 'items.2.number'));
  test('refuses another type of work under the same code', () =>
    given(published(version('2011-01-01')))
      .when({ type: 'publish', version: version('2012-01-01', { type: 'round' }) })
      .refuses('invalid-argument', 'checklist-type', 'type'));
  test('refuses more items than an event can hold', () => {
    const items = Array.from({ length: 300 }, (_, index) => ({ number: `${index}`, text: '食'.repeat(300), severity: 'minor' as const }));
    given()
      .when({ type: 'publish', version: version('2011-01-01', { items }) })
      .refuses('invalid-argument', 'checklist-too-large', 'items');
  });
});

describe('the version in force', () => {
  const state = { versions: [version('2011-01-01'), version('2013-01-01'), version('2012-01-01'), version('2012-01-01')] };
  test.each([
    ['2010-12-31', undefined],
    ['2011-01-01', 1],
    ['2011-12-31', 1],
    ['2012-06-01', 4],
    ['2013-01-01', 2],
  ])('on %s is number %s', (on, number) => expect(inForce(state, on)?.number).toBe(number));
});
