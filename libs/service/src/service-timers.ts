import { randomUUID } from 'node:crypto';
import { parseStream, Rejection, type Clock } from '@sanwang/kernel';
import type { CommandHandler } from '@sanwang/event-store';
import { startTimers, type ModelReader, type StreamTimers, type Timers } from '@sanwang/read-model';
import type { Logger } from '@sanwang/telemetry';
import type { ServiceDefinition } from './define.ts';

/** Fires a service's timers as commands to the aggregates that set them; one that cannot be fired is logged and tried again. */
export const startServiceTimers = (
  { aggregates }: ServiceDefinition,
  parts: {
    readonly reader: ModelReader<StreamTimers>;
    readonly commands: CommandHandler;
    readonly clock: Clock;
    readonly signal: AbortSignal;
    readonly logger: Logger;
    readonly held: () => boolean;
    readonly lookEveryMs?: number;
  },
): Timers => {
  const owners = new Map(aggregates.map((aggregate) => [aggregate.name, aggregate]));
  return startTimers({
    ...parts,
    async fire(stream, name, due) {
      const { aggregate, id } = parseStream(stream);
      const owner = owners.get(aggregate);
      if (!owner?.onTimer) throw new Rejection('internal', 'timer-unknown', `${stream} set the timer ${name}, which no aggregate answers`);
      await parts.commands.execute(owner, id, owner.onTimer(name, due), {
        actor: 'timer',
        method: 'timer',
        idempotencyKey: `${stream} ${name} ${due}`,
        body: { name, due },
        correlationId: randomUUID(),
        at: due,
      });
    },
    onError: (err, { stream }) => parts.logger.error({ err, stream }, 'a timer could not be fired; it is tried again'),
  });
};
