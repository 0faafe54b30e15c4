import { forbiddenByState, invalid, type Aggregate, type Instant } from '@sanwang/kernel';
import type { DeploymentEvent } from './events.ts';

/** Begins the log. `logEmpty` is a fact from the platform: nothing at all has been recorded yet. */
export type BeginDeployment =
  | { readonly type: 'begin'; readonly mode: 'live' }
  | { readonly type: 'begin'; readonly mode: 'simulation'; readonly clock: Instant; readonly logEmpty: boolean };
export type DeploymentState =
  { readonly status: 'none' } | { readonly status: 'begun'; readonly mode: 'live' | 'simulation'; readonly clock?: Instant | undefined };

/** The one stream `directory.Deployment-main`: says whether the log is a simulation. */
export const DEPLOYMENT_ID = 'main';

export const deployment: Aggregate<BeginDeployment, DeploymentEvent, DeploymentState> = {
  context: 'directory',
  name: 'Deployment',
  initial: { status: 'none' },
  decide(command, state) {
    const clock = command.mode === 'simulation' ? command.clock : undefined;
    if (state.status === 'begun') {
      if (state.mode === command.mode && state.clock === clock) return [];
      throw forbiddenByState('deployment-begun', `This log was begun as ${state.mode} and stays so; another one needs an empty log.`, {
        mode: state.mode,
      });
    }
    if (command.mode === 'live') return [{ type: 'DeploymentBegun', data: { mode: 'live' } }];
    if (new Date(command.clock).toISOString() !== command.clock) throw invalid('instant', 'clock', 'an instant in UTC with milliseconds');
    if (!command.logEmpty) throw forbiddenByState('log-not-empty', 'A simulation may be begun only on an empty log.');
    return [{ type: 'DeploymentBegun', data: { mode: 'simulation', clock: command.clock } }];
  },
  evolve: (_state, event) => ({ status: 'begun', mode: event.data.mode, clock: event.data.clock }),
};
