import { specify } from '@sanwang/testing';
import { describe, test } from 'vitest';
import { subject } from './decider.ts';
import type { SubjectEvent } from './events.ts';

const erase = { type: 'erase', subject: 'officer.17', reason: 'left the service' } as const;
const erased: SubjectEvent = { type: 'SubjectErased', data: { subject: 'officer.17', reason: 'left the service' } };
const { given } = specify(subject);

describe('erasing a subject', () => {
  test('is recorded', () => given().when(erase).then(erased));
  test('stays quiet the second time', () => given(erased).when(erase).staysQuiet());
  test('refuses what names no subject', () =>
    given()
      .when({ ...erase, subject: '张三' })
      .refuses('invalid-argument', 'subject', 'subject'));
});
