import { forbiddenByState, invalid, notFound, Rejection, sameData, type Aggregate, type Instant } from '@sanwang/kernel';
import type { UnitData } from '../shared/unit.ts';
import type { ReorganisationData, ReorganisationEvent } from './events.ts';
import { checkReorganisation } from './tree.ts';

export type ReorganisationCommand =
  | {
      readonly type: 'announce';
      readonly id: string;
      readonly reorganisation: ReorganisationData;
      /** Facts: the city's local date, the units in force just before, and another reorganisation that is still to come. */
      readonly today: string;
      readonly units: readonly UnitData[];
      readonly pending?: string | undefined;
    }
  | { readonly type: 'withdraw'; readonly id: string; readonly at: Instant; readonly reason: string }
  | { readonly type: 'take-effect'; readonly due: Instant };
export type ReorganisationState =
  { readonly status: 'none' } | { readonly status: 'announced' | 'withdrawn' | 'in-force'; readonly reorganisation: ReorganisationData };

const TIMER = 'effective';

/** A reorganisation 机构改革: announced ahead, withdrawn or in force on its date. */
export const reorganisation: Aggregate<ReorganisationCommand, ReorganisationEvent, ReorganisationState> = {
  context: 'directory',
  name: 'Reorganisation',
  initial: { status: 'none' },
  decide(command, state) {
    switch (command.type) {
      case 'announce': {
        const { id, today, units, pending } = command;
        if (state.status !== 'none') {
          if (state.status !== 'withdrawn' && sameData(state.reorganisation, command.reorganisation)) return [];
          throw new Rejection(
            'already-exists',
            'reorganisation-exists',
            `Reorganisation ${id} is ${state.status}; announce under another id.`,
          );
        }
        const { effectiveOn, units: changed, ends } = command.reorganisation;
        if (effectiveOn <= today) throw invalid('reorganisation-date', 'effectiveOn', `a local date after ${today}`);
        if (changed.length + ends.length === 0) throw invalid('reorganisation-units', 'units', 'a unit that changes, or one that ends');
        if (pending !== undefined)
          throw forbiddenByState('reorganisation-pending', `${pending} is announced and still to come; withdraw it or wait.`, {
            id: pending,
          });
        checkReorganisation(units, command.reorganisation);
        return [{ type: 'ReorganisationAnnounced', data: command.reorganisation }];
      }
      case 'withdraw': {
        if (state.status === 'none') throw notFound('reorganisation', command.id);
        if (state.status === 'withdrawn') return [];
        const { effectiveOn, effectiveAt } = state.reorganisation;
        if (state.status === 'in-force' || command.at >= effectiveAt)
          throw forbiddenByState('reorganisation-in-force', `It is in force since ${effectiveOn}; another reorganisation can undo it.`);
        return [{ type: 'ReorganisationWithdrawn', data: { effectiveOn, reason: command.reason } }];
      }
      case 'take-effect':
        return state.status === 'announced' && state.reorganisation.effectiveAt === command.due
          ? [{ type: 'ReorganisationTookEffect', data: state.reorganisation }]
          : [];
    }
  },
  evolve(state, event) {
    switch (event.type) {
      case 'ReorganisationAnnounced':
        return { status: 'announced', reorganisation: event.data };
      case 'ReorganisationWithdrawn':
        return state.status === 'none' ? state : { ...state, status: 'withdrawn' };
      case 'ReorganisationTookEffect':
        return { status: 'in-force', reorganisation: event.data };
    }
  },
  timers(event) {
    switch (event.type) {
      case 'ReorganisationAnnounced':
        return [{ name: TIMER, due: event.data.effectiveAt }];
      case 'ReorganisationWithdrawn':
      case 'ReorganisationTookEffect':
        return [{ name: TIMER, cancel: true }];
    }
  },
  onTimer: (_name, due) => ({ type: 'take-effect', due }),
};
