import { invalid, type Aggregate } from '@sanwang/kernel';
import type { DispatchRule, DispatchRulesEvent } from './events.ts';

export type DispatchRulesCommand = { readonly type: 'set'; readonly rules: readonly DispatchRule[] };
export interface DispatchRulesState {
  readonly rules: readonly DispatchRule[];
}

/** The id of the one stream. */
export const MAIN = 'main';

/** The city's dispatch rules. With none, or none that matches, the unit responsible for the area gets the task. */
export const dispatchRules: Aggregate<DispatchRulesCommand, DispatchRulesEvent, DispatchRulesState> = {
  context: 'patrol',
  name: 'DispatchRules',
  initial: { rules: [] },
  decide({ rules }, state) {
    const names = new Set<string>();
    for (const [index, { name, to }] of rules.entries()) {
      if (names.has(name)) throw invalid('rule-name-taken', `rules.${index}.name`, 'a name that no other rule has');
      names.add(name);
      if ((to.unit === undefined) === (to.kind === undefined)) throw invalid('rule-target', `rules.${index}.to`, 'either unit or kind');
    }
    if (JSON.stringify(rules) === JSON.stringify(state.rules)) return [];
    return [{ type: 'DispatchRulesSet', data: { rules: [...rules] } }];
  },
  evolve: (_state, event) => ({ rules: event.data.rules }),
};

/** What the rules look at. */
export interface Dispatchable {
  readonly area: string;
  readonly type: string;
  readonly channel: string;
  readonly checklist: string;
}

/** The first rule that matches. */
export const firstMatch = (rules: readonly DispatchRule[], task: Dispatchable): DispatchRule | undefined =>
  rules.find(
    ({ match }) =>
      (match.area === undefined || task.area.startsWith(match.area)) &&
      (match.type === undefined || match.type === task.type) &&
      (match.channel === undefined || match.channel === task.channel) &&
      (match.checklist === undefined || match.checklist === task.checklist),
  );
