import { forbiddenByState, invalid, Rejection, type Aggregate } from '@sanwang/kernel';
import { officersNeeded, unfit, type OfficerFact } from '../shared/officers.ts';
import type { Coordinates, Violated, VisitResult } from '../shared/words.ts';
import { recordAnswers, standingsAfter, type Answer, type ItemFact, type Standings } from './answers.ts';
import { complete, violations, type Completion } from './completion.ts';
import type { Started, VisitEvent } from './events.ts';
import { metresBetween } from '../shared/site.ts';

export type VisitCommand =
  | ({ readonly type: 'start' } & SignIn)
  | { readonly type: 'record'; readonly by: string; readonly answers: readonly Answer[]; readonly items: readonly ItemFact[] }
  | ({ readonly type: 'complete'; readonly by: string } & Completion);

interface SignIn {
  readonly visit: Omit<Started, 'officers' | 'signIn'>;
  readonly by: string;
  /** Those who came, with the directory's facts about them, and those to whom the task is assigned. */
  readonly officers: readonly OfficerFact[];
  readonly assigned: readonly string[];
  /** Where they signed in; where the business or place is, if that is known; the checklist's radius in metres. */
  readonly position?: (Coordinates & { readonly accuracy?: number | undefined }) | undefined;
  readonly site?: Coordinates | undefined;
  readonly radius: number;
}

export type VisitState =
  | { readonly status: 'new' }
  | { readonly status: 'started'; readonly visit: Started; readonly standings: Standings }
  | { readonly status: 'completed'; readonly visit: Started; readonly violated: readonly Violated[]; readonly result: VisitResult };

/** A visit 现场检查: officers sign in, answer the checklist item by item, and conclude. */
export const visit: Aggregate<VisitCommand, VisitEvent, VisitState> = {
  context: 'patrol',
  name: 'Visit',
  initial: { status: 'new' },

  decide(command, state) {
    if (command.type === 'start') {
      if (state.status !== 'new') throw new Rejection('already-exists', 'visit-exists', 'There is a visit with this id already.');
      return start(command);
    }
    if (state.status === 'new') throw new Rejection('not-found', 'visit-not-found', 'There is no such visit.');
    if (!state.visit.officers.some((officer) => officer.id === command.by))
      throw new Rejection('permission-denied', 'not-a-visiting-officer', 'Only an officer of the visit can record it.');
    if (state.status === 'completed') throw forbiddenByState('visit-completed', 'The visit is completed and cannot be changed.');
    switch (command.type) {
      case 'record': {
        const data = recordAnswers(command.answers, command.items, state.standings);
        return data ? [{ type: 'ItemsRecorded', data }] : [];
      }
      case 'complete':
        return complete(command, state.visit, state.standings);
    }
  },

  evolve(state, event) {
    if (event.type === 'VisitStarted') return { status: 'started', visit: event.data, standings: {} };
    if (state.status !== 'started') return state;
    switch (event.type) {
      case 'ItemsRecorded':
        return { ...state, standings: standingsAfter(state.standings, event.data) };
      case 'VisitCompleted':
        return { status: 'completed', visit: state.visit, violated: violations(state.standings), result: event.data.result };
      case 'ClueFound':
      case 'SamplingSuggested':
      case 'CaseSuggested':
        return state;
    }
  },
};

const start = ({ visit, by, officers, assigned, position, site, radius }: SignIn): readonly VisitEvent[] => {
  const needed = officersNeeded(visit.type);
  if (officers.length < needed) throw invalid('too-few-officers', 'officers', `at least ${needed} officers`);
  for (const [index, officer] of officers.entries()) {
    const expected = assigned.includes(officer.id) ? unfit(officer, visit.type, visit.on) : 'an officer to whom the task is assigned';
    if (expected !== undefined) throw invalid('officer-unfit', `officers.${index}`, expected);
  }
  if (!officers.some((officer) => officer.id === by))
    throw new Rejection('permission-denied', 'not-a-visiting-officer', 'Only one of the officers on site can sign in.');
  const shown = officers.map(({ id, certificate }) =>
    visit.type === 'inspection' && certificate ? { id, certificate: certificate.number } : { id },
  );
  const deviation = position && site ? metresBetween(position, site) : undefined;
  const signIn = position && {
    ...position,
    ...(deviation === undefined ? {} : { deviation, ...(deviation > radius ? { deviates: true } : {}) }),
  };
  return [{ type: 'VisitStarted', data: { ...visit, officers: shown, ...(signIn ? { signIn } : {}) } }];
};
