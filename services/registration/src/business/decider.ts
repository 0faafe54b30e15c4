import { forbiddenByState, invalid, personalText, Rejection, sameData, type Aggregate, type Personal } from '@sanwang/kernel';
import { withCorrection, withMove } from './changes.ts';
import type { BusinessEvent, BusinessNumber, CloseReason, Licence, Registered, RiskGrade } from './events.ts';
import { usccFault } from './uscc.ts';

type Coordinates = Registered['coordinates'];
/** Texts about natural persons, as the caller gives them. `personKey` is a fact: new with each command, the same in its repeats. */
interface Persons {
  readonly contact?: string | undefined;
  readonly legalRepresentative?: string | undefined;
  readonly personKey: string;
}
export interface RegisterBusiness extends Persons {
  readonly type: 'register';
  readonly businessId: string;
  readonly number: BusinessNumber;
  readonly name: string;
  readonly businessType: string;
  readonly address: string;
  readonly coordinates?: Coordinates;
  readonly area: string;
  readonly licences: readonly Licence[];
  readonly riskGrade?: RiskGrade | undefined;
  readonly source: 'entry' | 'import';
  /** Given by one who may override a wrong check digit. */
  readonly overrideReason?: string | undefined;
}
export type BusinessCommand =
  | RegisterBusiness
  /** What is absent stays; an empty person is removed. */
  | ({
      readonly type: 'correct';
      readonly name?: string | undefined;
      readonly businessType?: string | undefined;
      readonly licences?: readonly Licence[] | undefined;
    } & Persons)
  | { readonly type: 'move'; readonly address: string; readonly coordinates?: Coordinates; readonly area: string }
  | { readonly type: 'grade'; readonly riskGrade: RiskGrade; readonly reason: string }
  /** `today` is a fact: the city's local date. */
  | { readonly type: 'close'; readonly reason: CloseReason; readonly closedOn: string; readonly today: string }
  /** `replacement` is a fact: how the record that stands in the place of this one is. */
  | { readonly type: 'void'; readonly replacedBy: string; readonly reason: string; readonly replacement: BusinessState['status'] };

/** A business as registered and since changed: `Registered` without what belongs to the act of registering. */
export type Business = Omit<Registered, 'source' | 'numberWarning' | 'overrideReason'>;
export type BusinessState =
  | { readonly status: 'none' }
  | { readonly status: 'active'; readonly business: Business }
  | { readonly status: 'closed'; readonly business: Business; readonly reason: CloseReason; readonly closedOn: string }
  | { readonly status: 'voided'; readonly business: Business; readonly replacedBy: string };

/**
 * The person that a text names: the one known where the text is the same, nobody where there is none, and otherwise another
 * person under a subject (and so a key) of its own. An erasure concerns one person, not who takes the post afterwards.
 */
const personOf = (
  role: 'contact' | 'legal-representative',
  { businessId, text, key, known }: { businessId: string; text: string | undefined; key: string; known: Personal | undefined },
): Personal | undefined => {
  if (text === undefined || text === '') return undefined;
  return personalText(known) === text ? known : { subject: `${role}.${businessId}.${key}`, value: text };
};

const register = (command: RegisterBusiness, state: BusinessState): readonly BusinessEvent[] => {
  const { businessId, number, personKey: key } = command;
  const known = state.status === 'none' ? undefined : state.business;
  const contact = personOf('contact', { businessId, text: command.contact, key, known: known?.contact });
  const legalRepresentative = personOf('legal-representative', {
    businessId,
    text: command.legalRepresentative,
    key,
    known: known?.legalRepresentative,
  });
  const business: Business = {
    businessId,
    area: command.area,
    number,
    name: command.name,
    businessType: command.businessType,
    address: command.address,
    ...(command.coordinates && { coordinates: command.coordinates }),
    licences: [...command.licences],
    ...(command.riskGrade && { riskGrade: command.riskGrade }),
    ...(contact && { contact }),
    ...(legalRepresentative && { legalRepresentative }),
  };
  if (state.status !== 'none') {
    if (sameData(state.business, business)) return [];
    // Says nothing of the record: it may lie in another jurisdiction than the caller's.
    throw new Rejection(
      'already-exists',
      'business-exists',
      `Business ${businessId} is registered with other content; use :correct or :move.`,
    );
  }
  checkLicences(command.licences);
  const numberWarning = number.kind === 'uscc' ? usccFault(number.value) : undefined;
  if (numberWarning && command.source === 'entry' && command.overrideReason === undefined) {
    const { checkDigit, bodyCheckDigit } = numberWarning;
    const expected = [checkDigit && `${checkDigit} as 18th character`, bodyCheckDigit && `${bodyCheckDigit} as 17th character`];
    throw invalid(
      'uscc-check-digit',
      'number.value',
      `${expected.filter(Boolean).join(' and ')} (GB 32100 check digit), or an overrideReason`,
    );
  }
  const overrideReason = numberWarning ? command.overrideReason : undefined;
  return [
    {
      type: 'BusinessRegistered',
      data: {
        ...business,
        source: command.source,
        ...(numberWarning && { numberWarning }),
        ...(overrideReason !== undefined && { overrideReason }),
      },
    },
  ];
};

const checkLicences = (licences: readonly Licence[]): void => {
  for (const [index, { validFrom, validTo }] of licences.entries()) {
    if (validFrom !== undefined && validTo !== undefined && validTo < validFrom) {
      throw invalid('licence-validity', `licences.${index}.validTo`, `a date not before ${validFrom}`);
    }
  }
};

const correct = (command: Extract<BusinessCommand, { type: 'correct' }>, business: Business): readonly BusinessEvent[] => {
  const { businessId, area } = business;
  const { personKey: key } = command;
  const next = {
    name: command.name ?? business.name,
    businessType: command.businessType ?? business.businessType,
    licences: command.licences ? [...command.licences] : business.licences,
    contact:
      command.contact === undefined
        ? business.contact
        : personOf('contact', { businessId, text: command.contact, key, known: business.contact }),
    legalRepresentative:
      command.legalRepresentative === undefined
        ? business.legalRepresentative
        : personOf('legal-representative', { businessId, text: command.legalRepresentative, key, known: business.legalRepresentative }),
  };
  const fields = ['name', 'businessType', 'licences', 'contact', 'legalRepresentative'] as const;
  const changed = fields.filter((field) => !sameData(business[field], next[field]));
  if (changed.length === 0) return [];
  checkLicences(next.licences);
  const { name, businessType, licences, contact, legalRepresentative } = next;
  return [
    {
      type: 'BusinessCorrected',
      data: {
        businessId,
        area,
        name,
        businessType,
        licences,
        ...(changed.includes('contact') && contact && { contact }),
        ...(changed.includes('legalRepresentative') && legalRepresentative && { legalRepresentative }),
        changed,
      },
    },
  ];
};

const move = (command: Extract<BusinessCommand, { type: 'move' }>, business: Business): readonly BusinessEvent[] => {
  const { businessId } = business;
  const { address, coordinates, area } = command;
  if (sameData([business.address, business.coordinates, business.area], [address, coordinates, area])) return [];
  return [{ type: 'BusinessMoved', data: { businessId, area, address, ...(coordinates && { coordinates }), previousArea: business.area } }];
};

const voidRecord = (command: Extract<BusinessCommand, { type: 'void' }>, business: Business): readonly BusinessEvent[] => {
  const { businessId, area } = business;
  const { replacedBy, reason, replacement } = command;
  if (replacedBy === businessId) throw invalid('replacement', 'replacedBy', 'another record than the one that is voided');
  if (replacement === 'none') throw invalid('replacement', 'replacedBy', `a registered business; there is no ${replacedBy}`);
  if (replacement === 'voided') throw invalid('replacement', 'replacedBy', `a record that stands; ${replacedBy} is voided itself`);
  return [{ type: 'BusinessVoided', data: { businessId, area, replacedBy, reason } }];
};

const refuse = (status: 'closed' | 'voided', id: string): Rejection =>
  forbiddenByState(`business-${status}`, `Business ${id} is ${status}.`, { status });

export const business: Aggregate<BusinessCommand, BusinessEvent, BusinessState> = {
  context: 'registration',
  name: 'Business',
  initial: { status: 'none' },
  decide(command, state) {
    if (command.type === 'register') return register(command, state);
    if (state.status === 'none') throw new Rejection('not-found', 'business-not-found', 'There is no such business.');
    const { businessId, area, riskGrade } = state.business;
    switch (command.type) {
      case 'correct':
        if (state.status !== 'active') throw refuse(state.status, businessId);
        return correct(command, state.business);
      case 'move':
        if (state.status !== 'active') throw refuse(state.status, businessId);
        return move(command, state.business);
      case 'grade':
        if (state.status !== 'active') throw refuse(state.status, businessId);
        if (riskGrade === command.riskGrade) return [];
        return [
          {
            type: 'RiskGradeChanged',
            data: { businessId, area, riskGrade: command.riskGrade, ...(riskGrade && { previous: riskGrade }), reason: command.reason },
          },
        ];
      case 'close': {
        const { reason, closedOn } = command;
        if (state.status === 'closed' && state.reason === reason && state.closedOn === closedOn) return [];
        if (state.status !== 'active') throw refuse(state.status, businessId);
        if (closedOn > command.today) throw invalid('closed-on', 'closedOn', `a local date not after ${command.today}`);
        return [{ type: 'BusinessClosed', data: { businessId, area, reason, closedOn } }];
      }
      case 'void':
        if (state.status === 'voided') {
          if (state.replacedBy === command.replacedBy) return [];
          throw refuse('voided', businessId);
        }
        return voidRecord(command, state.business);
    }
  },
  evolve(state, event) {
    if (event.type === 'BusinessRegistered') {
      const { source: _source, numberWarning: _numberWarning, overrideReason: _overrideReason, ...registered } = event.data;
      return { status: 'active', business: registered };
    }
    if (state.status === 'none') return state;
    switch (event.type) {
      case 'BusinessCorrected':
        return { ...state, business: withCorrection(state.business, event.data) };
      case 'BusinessMoved':
        return { ...state, business: withMove(state.business, event.data) };
      case 'RiskGradeChanged':
        return { ...state, business: { ...state.business, riskGrade: event.data.riskGrade } };
      case 'BusinessClosed':
        return { status: 'closed', business: state.business, reason: event.data.reason, closedOn: event.data.closedOn };
      case 'BusinessVoided':
        return { status: 'voided', business: state.business, replacedBy: event.data.replacedBy };
    }
  },
};
