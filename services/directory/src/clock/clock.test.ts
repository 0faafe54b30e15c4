import { specify } from '@sanwang/testing';
import { describe, expect, test } from 'vitest';
import { clock, clockId } from './decider.ts';
import type { ClockEvent } from './events.ts';

const to = '2011-09-03T05:00:00.000Z';
const advanced: ClockEvent = { type: 'ClockAdvanced', data: { to } };
const advance = { type: 'advance', to, mode: 'simulation', now: '2011-09-02T05:00:00.000Z' } as const;
const { given } = specify(clock);

describe('the simulated clock', () => {
  test('advances', () => given().when(advance).then(advanced));
  test('refuses to go behind the clock as it stands', () =>
    given()
      .when({ ...advance, now: '2011-09-04T05:00:00.000Z' })
      .refuses('failed-precondition', 'clock-behind'));
  test('refuses to go behind its own month, though the copy of the clock lags', () =>
    given(advanced)
      .when({ ...advance, to: '2011-09-02T12:00:00.000Z' })
      .refuses('failed-precondition', 'clock-behind'));
  test('stays quiet when it stands there already', () => given(advanced).when(advance).staysQuiet());
  test.each(['live', undefined] as const)('refuses on a log that is %s', (mode) =>
    given()
      .when({ ...advance, mode })
      .refuses('failed-precondition', 'not-a-simulation'),
  );
  test('has one stream per month', () => expect(clockId(to)).toBe('2011-09'));
});
