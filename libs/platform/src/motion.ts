import type { RunningService } from '@sanwang/service';
import { endsOnce } from '@sanwang/service';
import type { Bus } from '@sanwang/messaging';

/** What moves in one process, by name, such as `patrol.tasks`. */
export interface Motion {
  readonly moving: readonly string[];
  /** What one instance of each service must do, and what of it this process does: the timers of a service, for one. */
  readonly expected: readonly string[];
  readonly done: readonly string[];
}

/** Consumers that are behind and timers that are due, in the services of this process. */
export const motionOf = async (services: readonly RunningService[], bus: Bus): Promise<Motion> => {
  const moving: string[] = [];
  const ends = endsOnce(bus);
  for (const { models } of services) {
    const lags = await Promise.all(models.map(({ consumer }) => consumer.lag(ends)));
    for (const [index, { consumer }] of models.entries()) if (lags[index]! > 0) moving.push(consumer.status().name);
  }
  const expected: string[] = [];
  const done: string[] = [];
  for (const { definition, setsTimers, timers, context } of services) {
    const name = `${definition.context}.timers`;
    if (setsTimers) expected.push(name);
    if (!timers) continue;
    done.push(name);
    if (!(await timers.idle(context.clock.now()))) moving.push(name);
  }
  return { moving, expected, done };
};
