import { invalid, notFound, personalText, Rejection, sameData, type Aggregate, type Personal } from '@sanwang/kernel';
import type { Certificate, DutyName, OfficerData, OfficerEvent } from './events.ts';

interface Entry {
  readonly officerId: string;
  readonly unit: string;
  readonly duties: readonly DutyName[];
  readonly certificate?: Certificate | undefined;
  readonly active: boolean;
}
/**
 * `unitExists` is a fact: the unit is registered. In a change an absent name or phone stays as it is, an empty phone is
 * removed; everything else is given whole.
 */
export type OfficerCommand =
  | {
      readonly type: 'register';
      readonly officer: Entry & { readonly name: string; readonly phone?: string | undefined };
      readonly unitExists: boolean;
    }
  | {
      readonly type: 'change';
      readonly officer: Entry & { readonly name?: string | undefined; readonly phone?: string | undefined };
      readonly unitExists: boolean;
    };
export type OfficerState = { readonly status: 'none' } | { readonly status: 'registered'; readonly officer: OfficerData };

/** Names under which others than officers act. */
const reserved = ['admin', 'bootstrap', 'timer'];

const personalOf = (officerId: string, next: string | undefined, present: Personal | undefined): Personal | undefined => {
  if (next === undefined || (next !== '' && next === personalText(present))) return present;
  return next === '' ? undefined : { subject: `officer.${officerId}`, value: next };
};

const entryOf = (entry: Entry, name: Personal, phone: Personal | undefined): OfficerData => ({
  officerId: entry.officerId,
  name,
  ...(phone && { phone }),
  unit: entry.unit,
  duties: [...new Set(entry.duties)].sort(),
  ...(entry.certificate && { certificate: entry.certificate }),
  active: entry.active,
});

const check = (officer: OfficerData, unitExists: boolean): void => {
  if (reserved.includes(officer.officerId)) throw invalid('officer-id', 'id', `an id other than ${reserved.join(', ')}`);
  if (!unitExists) throw invalid('officer-unit', 'unit', `a registered unit; there is no ${officer.unit}`);
  const { certificate } = officer;
  if (certificate && certificate.validTo < certificate.validFrom) {
    throw invalid('certificate-validity', 'certificate.validTo', `a date not before ${certificate.validFrom}`);
  }
};

export const officer: Aggregate<OfficerCommand, OfficerEvent, OfficerState> = {
  context: 'directory',
  name: 'Officer',
  initial: { status: 'none' },
  decide(command, state) {
    const { officerId } = command.officer;
    switch (command.type) {
      case 'register': {
        const { name, phone } = command.officer;
        const subject = `officer.${officerId}`;
        const next = entryOf(command.officer, { subject, value: name }, phone === undefined ? undefined : { subject, value: phone });
        if (state.status === 'registered') {
          if (sameData(state.officer, next)) return [];
          throw new Rejection('already-exists', 'officer-exists', `Officer ${officerId} exists with other content; use :change.`);
        }
        check(next, command.unitExists);
        return [{ type: 'OfficerRegistered', data: next }];
      }
      case 'change': {
        if (state.status === 'none') throw notFound('officer', officerId);
        const name = personalOf(officerId, command.officer.name, state.officer.name);
        if (name === undefined) throw invalid('officer-name', 'name', 'a name that is not empty');
        const next = entryOf(command.officer, name, personalOf(officerId, command.officer.phone, state.officer.phone));
        if (sameData(state.officer, next)) return [];
        check(next, command.unitExists);
        return [{ type: 'OfficerChanged', data: next }];
      }
    }
  },
  evolve: (_state, event) => ({ status: 'registered', officer: event.data }),
};
