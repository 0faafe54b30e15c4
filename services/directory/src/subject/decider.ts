import { invalid, type Aggregate } from '@sanwang/kernel';
import type { SubjectEvent } from './events.ts';

/** Erases a data subject, e.g. `officer.17`; `reason` is a sentence that names no person. */
export interface EraseSubject {
  readonly type: 'erase';
  readonly subject: string;
  readonly reason: string;
}
export type SubjectState = { readonly erased: boolean };

/** `<class>.<opaque id>`, as the personal fields of events name their subjects. */
export const subjectPattern = /^[a-z][a-z-]*\.[A-Za-z0-9._-]{1,120}$/;

export const subject: Aggregate<EraseSubject, SubjectEvent, SubjectState> = {
  context: 'directory',
  name: 'Subject',
  initial: { erased: false },
  decide(command, state) {
    if (!subjectPattern.test(command.subject)) throw invalid('subject', 'subject', 'a subject such as officer.17');
    if (state.erased) return [];
    return [{ type: 'SubjectErased', data: { subject: command.subject, reason: command.reason } }];
  },
  evolve: () => ({ erased: true }),
};
