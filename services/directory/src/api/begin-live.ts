import type { Call } from '@sanwang/rpc';
import type { ServiceContext } from '@sanwang/service';
import { deployment, DEPLOYMENT_ID } from '../deployment/decider.ts';

/**
 * A log that nobody made a simulation is live, and its first event says so: what a deployment begins with is always the
 * directory, so the first command here begins it.
 */
export const beginningLive = (service: ServiceContext): ServiceContext => {
  let begun = false;
  /** The log's own answer, asked until it is yes: a process that starts later finds a deployment that began long ago. */
  const hasBegun = async (): Promise<boolean> =>
    (begun ||= service.directory.deployment() !== undefined || (await service.load(deployment, DEPLOYMENT_ID)).state.status === 'begun');
  const begin = async ({ principal, method, correlationId, readTokens, deadline }: Call): Promise<void> => {
    await service.execute(
      { principal, method, correlationId, readTokens, deadline },
      deployment,
      DEPLOYMENT_ID,
      { mode: 'live' },
      { type: 'begin', mode: 'live' },
    );
    begun = true;
  };
  return {
    ...service,
    async execute(call, aggregate, id, body, command) {
      if (!(await hasBegun())) {
        // A command that is refused leaves the log empty: it is decided once before the log begins, and again when it counts.
        const { state } = await service.load(aggregate, id);
        const proposed =
          typeof command === 'function' ? await (command as (state: unknown, at: string) => unknown)(state, service.clock.now()) : command;
        aggregate.decide(proposed as Parameters<typeof aggregate.decide>[0], state);
        await begin(call);
      }
      return service.execute(call, aggregate, id, body, command);
    },
  };
};
