import { specify } from '@sanwang/testing';
import { describe, expect, test } from 'vitest';
import { rectification, type RecheckFact, type RectificationCommand } from './decider.ts';
import type { RectificationEvent } from './events.ts';
import type { InspectionFact } from './issue.ts';

const limit = { dueOn: '2012-03-10', due: '2012-03-11T05:59:59.999Z' };
const later = { dueOn: '2012-03-20', due: '2012-03-21T04:59:59.999Z' };
const inTime = '2012-03-05T15:00:00.000Z';
const tooLate = '2012-03-12T15:00:00.000Z';

const inspection: InspectionFact = {
  visitId: 'v1',
  taskId: 't1',
  type: 'inspection',
  businessId: 'local.cdph.17',
  businessName: 'Noodle House 面馆',
  area: '171400042',
  unit: 'ward-42',
  violated: [
    { number: '3', severity: 'critical', correctedOnSpot: true },
    { number: '18', severity: 'serious' },
    { number: '33', severity: 'minor' },
  ],
};
const { type: _type, violated: _violated, businessId: _businessId, ...ofVisit } = inspection;
const about = { businessId: 'local.cdph.17', area: '171400042', unit: 'ward-42' };
const left = [
  { number: '18', severity: 'serious' as const },
  { number: '33', severity: 'minor' as const },
];
const Ordered: RectificationEvent = {
  type: 'RectificationOrdered',
  data: { ...ofVisit, businessId: 'local.cdph.17', items: left, limit },
};
const OnTheSpot: RectificationEvent = {
  type: 'CorrectedOnTheSpot',
  data: { ...ofVisit, businessId: 'local.cdph.17', items: [{ number: '3', severity: 'critical' }] },
};
const Overdue: RectificationEvent = { type: 'RectificationOverdue', data: { ...about, ...limit } };
const Reported = (late: boolean): RectificationEvent => ({ type: 'CorrectionReported', data: { ...about, late } });
const photo = { id: 'p1', mediaType: 'image/jpeg', size: 9, hash: 'ff' };
const withEvidence: RectificationEvent = {
  type: 'CorrectionReported',
  data: { ...about, late: false, note: 'done', attachments: [photo] },
};
type RecheckData = Extract<RectificationEvent, { type: 'RectificationRechecked' }>['data'];
const Rechecked = (change: Partial<RecheckData> = {}): RectificationEvent => ({
  type: 'RectificationRechecked',
  data: { ...about, recheckVisitId: 'v2', result: 'corrected', late: false, ...change },
});
const Cancelled: RectificationEvent = { type: 'RectificationCancelled', data: { ...about, reason: 'wrong business' } };
const CaseSuggested: RectificationEvent = { type: 'CaseSuggested', data: { ...about, taskId: 't2', items: left } };

type Order = Extract<RectificationCommand, { type: 'order' }>;
const order = (change: Partial<Order> = {}): Order => ({ type: 'order', visit: inspection, at: inTime, limit, ...change });
const report = (at = inTime): RectificationCommand => ({ type: 'report', at });
type Recheck = Extract<RectificationCommand, { type: 'recheck' }>;
const recheckVisit = (change: Partial<RecheckFact> = {}): RecheckFact => ({
  id: 'v2',
  taskId: 't2',
  type: 'inspection',
  businessId: 'local.cdph.17',
  recheckOf: 'r1',
  result: 'pass',
  ...change,
});
const recheck = (change: Partial<Recheck> = {}): Recheck => ({
  type: 'recheck',
  at: inTime,
  rectificationId: 'r1',
  visit: recheckVisit(),
  result: 'corrected',
  suggestCase: false,
  ...change,
});
const { given } = specify(rectification);

describe('order', () => {
  test('orders what was not corrected on the spot', () => given().when(order()).then(Ordered));
  test('orders the named items only', () =>
    given()
      .when(order({ items: ['33'] }))
      .then({ ...Ordered, data: { ...Ordered.data, items: left.slice(1) } } as RectificationEvent));
  test('refuses an order after a round', () =>
    given()
      .when(order({ visit: { ...inspection, type: 'round' } }))
      .refuses('failed-precondition', 'round-yields-clues'));
  test('refuses an order before the visit is completed', () =>
    given()
      .when(order({ visit: { ...inspection, violated: undefined } }))
      .refuses('failed-precondition', 'visit-not-completed'));
  test('refuses an order when nothing is left to correct', () =>
    given()
      .when(order({ visit: { ...inspection, violated: [] } }))
      .refuses('invalid-argument', 'nothing-to-correct', 'items'));
  test('refuses to order an item that is in order or was corrected on the spot', () => {
    for (const number of ['1', '3'])
      given()
        .when(order({ items: ['18', number] }))
        .refuses('invalid-argument', 'nothing-to-correct', 'items');
  });
  test('refuses a limit that has passed', () =>
    given()
      .when(order({ at: tooLate }))
      .refuses('invalid-argument', 'limit-passed', 'limit'));
  test('refuses a second order for the same visit', () => given(Ordered).when(order()).refuses('already-exists', 'rectification-exists'));
});

describe('corrected on the spot', () => {
  test('records what the visit says was corrected, and is closed', () => {
    given().when({ type: 'correct-on-the-spot', visit: inspection }).then(OnTheSpot);
    given(OnTheSpot).when(report()).refuses('failed-precondition', 'rectification-closed');
  });
  test('refuses where nothing was corrected', () =>
    given()
      .when({ type: 'correct-on-the-spot', visit: { ...inspection, violated: left } })
      .refuses('invalid-argument', 'nothing-to-correct', 'items'));
});

describe('report', () => {
  test('records a correction in time', () => given(Ordered).when(report()).then(Reported(false)));
  test('takes a report on the last instant of the limit as in time', () => given(Ordered).when(report(limit.due)).then(Reported(false)));
  test('records one that came after the limit as late', () => given(Ordered, Overdue).when(report(tooLate)).then(Reported(true)));
  test('records the passing of the limit first when the timer has not fired yet', () =>
    given(Ordered).when(report(tooLate)).then(Overdue, Reported(true)));
  test('stays quiet when the same was reported', () => {
    given(Ordered, Reported(false)).when(report()).staysQuiet();
    given(Ordered, withEvidence)
      .when({ type: 'report', at: inTime, note: 'done', attachments: [photo] })
      .staysQuiet();
  });
  test('refuses another report rather than losing its evidence', () => {
    for (const other of [
      { note: 'done' },
      { note: 'all done', attachments: [photo] },
      { note: 'done', attachments: [photo, { ...photo, id: 'p2' }] },
    ])
      given(Ordered, withEvidence)
        .when({ type: 'report', at: inTime, ...other })
        .refuses('failed-precondition', 'already-reported');
  });
  test('takes another report after a recheck that set a new limit', () =>
    given(Ordered, withEvidence, Rechecked({ result: 'not-corrected', newLimit: later }))
      .when({ type: 'report', at: inTime, note: 'now really' })
      .then({ type: 'CorrectionReported', data: { ...about, late: false, note: 'now really' } }));
  test('refuses a closed order', () => given(Ordered, Rechecked()).when(report()).refuses('failed-precondition', 'rectification-closed'));
  test('refuses an order that is not there', () => given().when(report()).refuses('not-found', 'rectification-not-found'));
});

describe('recheck', () => {
  test('closes a corrected order', () => given(Ordered, Reported(false)).when(recheck()).then(Rechecked()));
  test('a correction reported in time is not late, whenever it is rechecked', () =>
    given(Ordered, Reported(false))
      .when(recheck({ at: tooLate }))
      .then(Rechecked()));
  test('an overdue order can still be corrected, late', () => {
    given(Ordered, Overdue)
      .when(recheck({ at: tooLate }))
      .then(Rechecked({ late: true }));
    given(Ordered)
      .when(recheck({ at: tooLate }))
      .then(Overdue, Rechecked({ late: true }));
  });
  test('what is not corrected gets a new limit, and the order stays open', () => {
    const again = Rechecked({ result: 'not-corrected', newLimit: later });
    given(Ordered, Reported(false))
      .when(recheck({ result: 'not-corrected', newLimit: later }))
      .then(again);
    given(Ordered, again).when(report(tooLate)).then(Reported(false));
  });
  test('what is not corrected goes to a case, and the order is closed', () => {
    given(Ordered, Overdue)
      .when(recheck({ at: tooLate, result: 'not-corrected', suggestCase: true }))
      .then(Rechecked({ result: 'not-corrected', late: true }), CaseSuggested);
    given(Ordered, Overdue, Rechecked({ result: 'not-corrected', late: true }), CaseSuggested)
      .when(report(tooLate))
      .refuses('failed-precondition', 'rectification-closed');
  });
  test('stays quiet when the same visit closed it', () => given(Ordered, Rechecked()).when(recheck()).staysQuiet());
  test('refuses what is not corrected without a next step, or with two', () => {
    for (const change of [{}, { newLimit: later, suggestCase: true }])
      given(Ordered)
        .when(recheck({ result: 'not-corrected', ...change }))
        .refuses('invalid-argument', 'next-step-required', 'limit');
  });
  test('refuses a next step where all is corrected', () =>
    given(Ordered)
      .when(recheck({ suggestCase: true }))
      .refuses('invalid-argument', 'nothing-left-to-correct', 'result'));
  test('refuses a new limit that has passed', () =>
    given(Ordered)
      .when(recheck({ at: tooLate, result: 'not-corrected', newLimit: limit }))
      .refuses('invalid-argument', 'limit-passed', 'limit'));
  test('refuses a visit that is no recheck of this order', () =>
    given(Ordered)
      .when(recheck({ visit: recheckVisit({ recheckOf: 'r2' }) }))
      .refuses('invalid-argument', 'visit-is-no-recheck', 'visitId'));
  test('refuses a visit at another business or at a place that is none', () => {
    for (const businessId of ['local.cdph.18', undefined])
      given(Ordered)
        .when(recheck({ visit: recheckVisit({ businessId }) }))
        .refuses('invalid-argument', 'visit-elsewhere', 'visitId');
  });
  test('refuses a round', () =>
    given(Ordered)
      .when(recheck({ visit: recheckVisit({ type: 'round' }) }))
      .refuses('invalid-argument', 'inspection-required', 'visitId'));
  test('refuses as corrected what the visit failed, and takes it with conditions', () => {
    given(Ordered)
      .when(recheck({ visit: recheckVisit({ result: 'fail' }) }))
      .refuses('invalid-argument', 'recheck-failed', 'result');
    given(Ordered, Reported(false))
      .when(recheck({ visit: recheckVisit({ result: 'pass-with-conditions' }) }))
      .then(Rechecked());
  });
  test('refuses a visit that is not completed', () =>
    given(Ordered)
      .when(recheck({ visit: recheckVisit({ result: undefined }) }))
      .refuses('failed-precondition', 'visit-not-completed'));
});

describe('the limit passes', () => {
  const passed: RectificationCommand = { type: 'limit-passed', due: limit.due };
  test('an order without a correction is overdue', () => given(Ordered).when(passed).then(Overdue));
  test('stays quiet once a correction was reported, and when it is overdue already', () => {
    given(Ordered, Reported(false)).when(passed).staysQuiet();
    given(Ordered, Overdue).when(passed).staysQuiet();
    given(Ordered, Cancelled).when(passed).staysQuiet();
  });
  test('stays quiet for a limit that was replaced', () =>
    given(Ordered, Rechecked({ result: 'not-corrected', newLimit: later }))
      .when(passed)
      .staysQuiet());
});

describe('timers', () => {
  const changes = (event: RectificationEvent) => rectification.timers!(event);
  test('an order sets the limit, a new limit moves it', () => {
    expect(changes(Ordered)).toEqual([{ name: 'limit', due: limit.due }]);
    expect(changes(Rechecked({ result: 'not-corrected', newLimit: later }))).toEqual([{ name: 'limit', due: later.due }]);
  });
  test('a report, a closing recheck and a withdrawal cancel it', () => {
    for (const event of [Reported(false), Rechecked(), Cancelled]) expect(changes(event)).toEqual([{ name: 'limit', cancel: true }]);
  });
  test('a correction on the spot needs none', () => expect(changes(OnTheSpot)).toEqual([]));
  test('what is due becomes the command for that limit', () =>
    expect(rectification.onTimer!('limit', limit.due)).toEqual({ type: 'limit-passed', due: limit.due }));
});

describe('cancel', () => {
  const cancel: RectificationCommand = { type: 'cancel', reason: 'wrong business' };
  test('withdraws an open order, also an overdue one', () => {
    given(Ordered).when(cancel).then(Cancelled);
    given(Ordered, Overdue).when(cancel).then(Cancelled);
  });
  test('stays quiet when it is withdrawn', () => given(Ordered, Cancelled).when(cancel).staysQuiet());
  test('refuses a corrected order', () => given(Ordered, Rechecked()).when(cancel).refuses('failed-precondition', 'rectification-closed'));
});
