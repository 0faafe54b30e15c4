import { Rejection } from '@sanwang/kernel';
import { linkedController, topicOf, type Bus, type RelaySeat } from '@sanwang/messaging';
import type { DistrictPublisher } from './publisher.ts';

/** Waiting longer than this for the seat means that another process has published meanwhile. */
const AT_ONCE_MS = 200;

/** A bus on which this process consumes only while it is the one that publishes the context's district topics. */
export const seatedBus = (bus: Bus, context: string, publisher: Pick<DistrictPublisher, 'begin' | 'follow'>): Bus => {
  let seat: RelaySeat | undefined;
  const take = async (signal: AbortSignal): Promise<RelaySeat> => {
    if (seat && !seat.lost.aborted) return seat;
    const asked = performance.now();
    seat = await bus.relaySeat(`${context}.districts`, topicOf(context), signal);
    publisher.begin();
    if (performance.now() - asked > AT_ONCE_MS)
      throw new Rejection(
        'unavailable',
        'district-seat-taken',
        `The district topics of ${context} are now this process's; it begins where they stand.`,
      );
    return seat;
  };
  return {
    ...bus,
    async consume(options) {
      let held: RelaySeat;
      try {
        held = await take(options.signal);
      } catch (error) {
        if (options.signal.aborted) return;
        throw error;
      }
      const session = linkedController(options.signal, held.lost);
      try {
        await Promise.all([bus.consume({ ...options, signal: session.signal }), publisher.follow(session.signal)]);
      } finally {
        session.release();
        seat = undefined;
        await held.leave();
      }
    },
  };
};
