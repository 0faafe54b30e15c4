import { specify } from '@sanwang/testing';
import { describe, expect, test } from 'vitest';
import { deployment } from './decider.ts';
import type { DeploymentEvent } from './events.ts';

const clock = '2011-09-01T05:00:00.000Z';
const simulation: DeploymentEvent = { type: 'DeploymentBegun', data: { mode: 'simulation', clock } };
const begin = { type: 'begin', mode: 'simulation', clock, logEmpty: true } as const;
const { given } = specify(deployment);

describe('a deployment', () => {
  test('begins live', () =>
    given()
      .when({ type: 'begin', mode: 'live' })
      .then({ type: 'DeploymentBegun', data: { mode: 'live' } }));
  test('begins as a simulation on an empty log', () => given().when(begin).then(simulation));
  test('refuses a simulation on a log that holds anything', () =>
    given()
      .when({ ...begin, logEmpty: false })
      .refuses('failed-precondition', 'log-not-empty'));
  test('stays quiet when it is begun again in the same way', () =>
    given(simulation)
      .when({ ...begin, logEmpty: false })
      .staysQuiet());
  test('refuses a second begin in another mode', () =>
    given(simulation).when({ type: 'begin', mode: 'live' }).refuses('failed-precondition', 'deployment-begun'));
  test('refuses a second begin with another clock', () =>
    given(simulation)
      .when({ ...begin, clock: '2012-01-01T00:00:00.000Z' })
      .refuses('failed-precondition', 'deployment-begun'));
  test('remembers how it was begun', () => expect(given(simulation).state).toEqual({ status: 'begun', mode: 'simulation', clock }));
});
