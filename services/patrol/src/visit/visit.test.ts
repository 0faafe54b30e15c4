import { specify } from '@sanwang/testing';
import { describe, test } from 'vitest';
import type { OfficerFact } from '../shared/officers.ts';
import { defaultRule } from '../shared/conclusion.ts';
import { visit, type VisitCommand } from './decider.ts';
import type { Started, VisitEvent } from './events.ts';

const officer = (id: string, change: Partial<OfficerFact> = {}): OfficerFact => ({
  id,
  inUnit: true,
  active: true,
  inspector: true,
  certificate: { number: `C-${id}`, validFrom: '2010-01-01', validTo: '2013-12-31' },
  ...change,
});
const facts = {
  taskId: 't1',
  type: 'inspection' as const,
  businessId: 'local.cdph.17',
  businessName: 'Noodle House 面馆',
  area: '171400042',
  unit: 'ward-42',
  checklist: { code: 'catering', version: 1, items: 3 },
  on: '2012-03-01',
};
const start = (change: Partial<Extract<VisitCommand, { type: 'start' }>> = {}): VisitCommand => ({
  type: 'start',
  visit: facts,
  by: 'o1',
  officers: [officer('o1'), officer('o2')],
  assigned: ['o1', 'o2', 'o3'],
  radius: 200,
  ...change,
});
const certified = [
  { id: 'o1', certificate: 'C-o1' },
  { id: 'o2', certificate: 'C-o2' },
];
const started: Started = { ...facts, officers: certified };
const VisitStarted: VisitEvent = { type: 'VisitStarted', data: started };
const RoundStarted: VisitEvent = { type: 'VisitStarted', data: { ...started, type: 'round', officers: [{ id: 'o1' }] } };
const { given } = specify(visit);

describe('start', () => {
  test('records the officers with the certificates shown', () => given().when(start()).then(VisitStarted));
  test('records how far from the business they signed in', () =>
    given()
      .when(start({ position: { latitude: 41.881, longitude: -87.6 }, site: { latitude: 41.88, longitude: -87.6 } }))
      .then({ type: 'VisitStarted', data: { ...started, signIn: { latitude: 41.881, longitude: -87.6, deviation: 111 } } }));
  test('marks a deviation above the radius, and does not block', () =>
    given()
      .when(start({ position: { latitude: 41.89, longitude: -87.6, accuracy: 8 }, site: { latitude: 41.88, longitude: -87.6 } }))
      .then({
        type: 'VisitStarted',
        data: { ...started, signIn: { latitude: 41.89, longitude: -87.6, accuracy: 8, deviation: 1112, deviates: true } },
      }));
  test('records no deviation where the business has no coordinates', () =>
    given()
      .when(start({ position: { latitude: 41.89, longitude: -87.6 } }))
      .then({ type: 'VisitStarted', data: { ...started, signIn: { latitude: 41.89, longitude: -87.6 } } }));
  test('refuses an inspection by one officer', () =>
    given()
      .when(start({ officers: [officer('o1')] }))
      .refuses('invalid-argument', 'too-few-officers', 'officers'));
  test('refuses an inspection by an officer whose certificate has expired that day', () =>
    given()
      .when(
        start({
          officers: [officer('o1'), officer('o2', { certificate: { number: 'C', validFrom: '2010-01-01', validTo: '2012-02-29' } })],
        }),
      )
      .refuses('invalid-argument', 'officer-unfit', 'officers.1'));
  test('takes a certificate on its first and on its last day', () =>
    given()
      .when(
        start({
          officers: [officer('o1', { certificate: { number: 'C-o1', validFrom: '2012-03-01', validTo: '2012-03-01' } }), officer('o2')],
        }),
      )
      .then(VisitStarted));
  test('refuses an officer to whom the task is not assigned', () =>
    given()
      .when(start({ officers: [officer('o1'), officer('o4')] }))
      .refuses('invalid-argument', 'officer-unfit', 'officers.1'));
  test('refuses a sign-in by someone who is not there', () =>
    given()
      .when(start({ by: 'o3' }))
      .refuses('permission-denied', 'not-a-visiting-officer'));
  test('lets one officer without a certificate make a round, and shows none', () =>
    given()
      .when(start({ visit: { ...facts, type: 'round' }, officers: [officer('o1', { certificate: undefined })] }))
      .then(RoundStarted));
  test('refuses a visit that is there already', () => given(VisitStarted).when(start()).refuses('already-exists', 'visit-exists'));
});

const items = [
  { number: '1', severity: 'critical' as const },
  { number: '15', severity: 'serious' as const },
  { number: '30', severity: 'minor' as const },
];
type Answers = Extract<VisitCommand, { type: 'record' }>['answers'];
const record = (answers: Answers, by = 'o1'): VisitCommand => ({ type: 'record', by, answers, items });
const ItemsRecorded = (data: Partial<Extract<VisitEvent, { type: 'ItemsRecorded' }>['data']>): VisitEvent => ({
  type: 'ItemsRecorded',
  data: { conforms: [], notApplicable: [], violates: [], ...data },
});

describe('record items', () => {
  const photo = { id: 'a1', mediaType: 'image/jpeg', size: 1000, hash: 'ff' };
  test('records each answer with the severity of its item, and remarks where there are any', () =>
    given(VisitStarted)
      .when(
        record([
          { number: '1', result: 'violates', correctedOnSpot: true, note: 'grey meat 发灰', attachments: [photo] },
          { number: '15', result: 'not-applicable' },
          { number: '30', result: 'conforms', attachments: [] },
        ]),
      )
      .then(
        ItemsRecorded({
          conforms: ['30'],
          notApplicable: ['15'],
          violates: [{ number: '1', severity: 'critical', correctedOnSpot: true }],
          remarks: [{ number: '1', note: 'grey meat 发灰', attachments: [photo] }],
        }),
      ));
  test('records only what differs from what stands', () =>
    given(VisitStarted, ItemsRecorded({ conforms: ['1', '15'] }))
      .when(
        record([
          { number: '1', result: 'conforms' },
          { number: '15', result: 'violates' },
        ]),
      )
      .then(ItemsRecorded({ violates: [{ number: '15', severity: 'serious' }] })));
  test('stays quiet when all of it stands', () =>
    given(VisitStarted, ItemsRecorded({ violates: [{ number: '1', severity: 'critical' }], remarks: [{ number: '1', note: 'warm' }] }))
      .when(record([{ number: '1', result: 'violates', note: 'warm' }]))
      .staysQuiet());
  test('refuses an item that the checklist does not have', () =>
    given(VisitStarted)
      .when(record([{ number: '99', result: 'conforms' }]))
      .refuses('invalid-argument', 'item-unknown', 'items.0.number'));
  test('refuses two answers to one item', () =>
    given(VisitStarted)
      .when(
        record([
          { number: '1', result: 'conforms' },
          { number: '1', result: 'violates' },
        ]),
      )
      .refuses('invalid-argument', 'item-answered-twice', 'items.1.number'));
  test('refuses a correction of what is in order', () =>
    given(VisitStarted)
      .when(record([{ number: '1', result: 'conforms', correctedOnSpot: true }]))
      .refuses('invalid-argument', 'nothing-to-correct', 'items.0.correctedOnSpot'));
  test('refuses someone who is not on the visit', () =>
    given(VisitStarted)
      .when(record([{ number: '1', result: 'conforms' }], 'o3'))
      .refuses('permission-denied', 'not-a-visiting-officer'));
});

type Completing = Partial<Extract<VisitCommand, { type: 'complete' }>>;
const complete = (change: Completing): VisitCommand => ({
  type: 'complete',
  by: 'o1',
  result: 'pass',
  suggestions: [],
  rule: defaultRule,
  ...change,
});
const inUnit = { businessId: 'local.cdph.17', area: '171400042', unit: 'ward-42', taskId: 't1' };
type CompletedData = Extract<VisitEvent, { type: 'VisitCompleted' }>['data'];
const VisitCompleted = (change: Partial<CompletedData>): VisitEvent => ({
  type: 'VisitCompleted',
  data: {
    ...inUnit,
    type: 'inspection',
    officers: ['o1', 'o2'],
    result: 'pass',
    violated: { critical: 0, serious: 0, minor: 0 },
    correctedOnSpot: 0,
    ...change,
  },
});

describe('complete', () => {
  const clean = [VisitStarted, ItemsRecorded({ conforms: ['1', '15', '30'] })];
  const faulty = [
    VisitStarted,
    ItemsRecorded({
      conforms: ['30'],
      violates: [
        { number: '1', severity: 'critical' },
        { number: '15', severity: 'serious', correctedOnSpot: true },
      ],
    }),
  ];
  const found = { violated: { critical: 1, serious: 1, minor: 0 }, correctedOnSpot: 1 };

  test('concludes what follows from the items', () => {
    given(...clean)
      .when(complete({}))
      .then(VisitCompleted({}));
    given(...faulty)
      .when(complete({ result: 'fail' }))
      .then(VisitCompleted({ result: 'fail', ...found }));
  });
  test('concludes otherwise with a reason, and records what would follow', () =>
    given(...clean)
      .when(complete({ result: 'fail', reason: 'no licence to be seen' }))
      .then(VisitCompleted({ result: 'fail', follows: 'pass', reason: 'no licence to be seen' })));
  test('refuses to conclude otherwise without a reason', () =>
    given(...clean)
      .when(complete({ result: 'fail' }))
      .refuses('invalid-argument', 'reason-required', 'reason'));
  test('refuses while an item has no answer', () =>
    given(VisitStarted, ItemsRecorded({ conforms: ['1', '15'] }))
      .when(complete({}))
      .refuses('failed-precondition', 'items-unanswered'));
  test('refuses a completed visit, also to record more items', () => {
    given(...clean, VisitCompleted({}))
      .when(complete({}))
      .refuses('failed-precondition', 'visit-completed');
    given(...clean, VisitCompleted({}))
      .when(record([{ number: '1', result: 'violates' }]))
      .refuses('failed-precondition', 'visit-completed');
  });
  test('suggests a sample and a case for the findings that call for them', () =>
    given(...faulty)
      .when(
        complete({
          result: 'fail',
          suggestions: [
            { kind: 'sample', items: ['1'], note: 'smells' },
            { kind: 'case', items: [] },
          ],
        }),
      )
      .then(
        VisitCompleted({ result: 'fail', ...found }),
        { type: 'SamplingSuggested', data: { ...inUnit, items: [{ number: '1', severity: 'critical' }], note: 'smells' } },
        {
          type: 'CaseSuggested',
          data: {
            ...inUnit,
            items: [
              { number: '1', severity: 'critical' },
              { number: '15', severity: 'serious' },
            ],
          },
        },
      ));
  test('refuses to suggest a sample for what is in order', () =>
    given(...faulty)
      .when(complete({ result: 'fail', suggestions: [{ kind: 'sample', items: ['1', '30'] }] }))
      .refuses('invalid-argument', 'item-not-violated', 'suggestions.0.items'));

  const faultyRound = [RoundStarted, ItemsRecorded({ conforms: ['1', '30'], violates: [{ number: '15', severity: 'serious' }] })];
  const roundCompleted = { type: 'round' as const, officers: ['o1'] };
  test('a round that found something yields a clue', () =>
    given(...faultyRound)
      .when(complete({ result: 'fail' }))
      .then(VisitCompleted({ ...roundCompleted, result: 'fail', violated: { critical: 0, serious: 1, minor: 0 } }), {
        type: 'ClueFound',
        data: { ...inUnit, items: [{ number: '15', severity: 'serious' }] },
      }));
  test('a round that found nothing yields no clue', () =>
    given(RoundStarted, ItemsRecorded({ conforms: ['1', '15', '30'] }))
      .when(complete({}))
      .then(VisitCompleted(roundCompleted)));
  test('a round cannot suggest a case', () =>
    given(...faultyRound)
      .when(complete({ result: 'fail', suggestions: [{ kind: 'case', items: [] }] }))
      .refuses('invalid-argument', 'round-yields-clues', 'suggestions'));
});
