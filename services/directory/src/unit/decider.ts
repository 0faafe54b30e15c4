import { forbiddenByState, invalid, notFound, Rejection, sameData, type Aggregate } from '@sanwang/kernel';
import { isAreaPrefix, isWithin, parentKinds, type UnitData, type UnitKind } from '../shared/unit.ts';
import type { UnitEvent } from './events.ts';

/** What a decision needs of other units: the parent (absent: no such unit), and the city unit that stands already. */
export interface UnitFacts {
  readonly parent?: { readonly kind: UnitKind; readonly areas: readonly string[] } | undefined;
  readonly cityUnit?: string | undefined;
  /** The unit as a reorganisation has made it since, or founded it. */
  readonly reorganised?: UnitData | undefined;
}
export type UnitCommand =
  | { readonly type: 'register'; readonly unit: UnitData; readonly facts: UnitFacts }
  | { readonly type: 'change'; readonly unit: Omit<UnitData, 'kind'>; readonly facts: UnitFacts };
export type UnitState = { readonly status: 'none' } | { readonly status: 'registered'; readonly unit: UnitData };

const isTimeZone = (zone: string): boolean => {
  try {
    return new Intl.DateTimeFormat('en', { timeZone: zone }).resolvedOptions().timeZone.length > 0;
  } catch {
    return false;
  }
};

const check = (unit: UnitData, facts: UnitFacts): void => {
  const wrongArea = unit.areas.findIndex((area) => !isAreaPrefix(area));
  if (wrongArea >= 0) throw invalid('unit-areas', `areas.${wrongArea}`, 'an area code prefix of 2 to 12 digits');
  if (unit.kind === 'city') {
    if (unit.parent !== undefined) throw invalid('unit-parent', 'parent', 'none: the city unit is the root');
    if (unit.timeZone === undefined || !isTimeZone(unit.timeZone))
      throw invalid('unit-time-zone', 'timeZone', 'an IANA time zone on the city unit');
    if (unit.calendar === undefined) throw invalid('unit-calendar', 'calendar', 'the slug of a working-day calendar on the city unit');
    if (facts.cityUnit !== undefined && facts.cityUnit !== unit.code) {
      throw forbiddenByState('city-unit-exists', `The city unit is ${facts.cityUnit}; a deployment has one.`, { unit: facts.cityUnit });
    }
    return;
  }
  if (unit.timeZone !== undefined) throw invalid('unit-time-zone', 'timeZone', 'nothing: the time zone stands on the city unit');
  if (unit.calendar !== undefined) throw invalid('unit-calendar', 'calendar', 'nothing: the calendar stands on the city unit');
  if (unit.parent === undefined) throw invalid('unit-parent', 'parent', 'the code of the unit above');
  const { parent } = facts;
  if (parent === undefined) throw invalid('unit-parent', 'parent', `a registered unit; there is no ${unit.parent}`);
  if (!parentKinds[unit.kind].includes(parent.kind)) {
    throw invalid(
      'unit-parent-kind',
      'parent',
      `a unit of kind ${parentKinds[unit.kind].join(' or ')} above a ${unit.kind}, not a ${parent.kind}`,
    );
  }
  const outside = unit.areas.findIndex((area) => !isWithin(area, parent.areas));
  if (outside >= 0)
    throw invalid(
      'unit-areas',
      `areas.${outside}`,
      `an area within ${parent.areas.join(', ') || 'no area at all'}, those of ${unit.parent}`,
    );
};

export const unit: Aggregate<UnitCommand, UnitEvent, UnitState> = {
  context: 'directory',
  name: 'Unit',
  initial: { status: 'none' },
  decide(command, state) {
    switch (command.type) {
      case 'register': {
        const founded = command.facts.reorganised;
        if (founded && state.status === 'none')
          throw new Rejection('already-exists', 'unit-exists', `Unit ${founded.code} was founded by a reorganisation; use :change.`);
        if (state.status === 'registered') {
          if (sameData(state.unit, command.unit)) return [];
          throw new Rejection('already-exists', 'unit-exists', `Unit ${command.unit.code} exists with other content; use :change.`);
        }
        check(command.unit, command.facts);
        return [{ type: 'UnitRegistered', data: command.unit }];
      }
      case 'change': {
        const present = command.facts.reorganised ?? (state.status === 'registered' ? state.unit : undefined);
        if (!present) throw notFound('unit', command.unit.code);
        const changed = { ...command.unit, kind: present.kind };
        if (sameData(present, changed)) return [];
        check(changed, command.facts);
        return [{ type: 'UnitChanged', data: changed }];
      }
    }
  },
  evolve: (_state, event) => ({ status: 'registered', unit: event.data }),
};
