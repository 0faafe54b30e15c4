import type { RunningService } from '@sanwang/service';

/** What a batch may take at the very most, ms: calls to servers end by themselves long before. */
const STUCK_AFTER_MS = 300_000;

/** The first model that has been at one and the same batch for so long that only a new process helps. */
export const stuckModel = (services: readonly RunningService[]): string | undefined => {
  for (const { consumer, busySince } of services.flatMap(({ models }) => models)) {
    const since = busySince();
    if (since !== undefined && performance.now() - since > STUCK_AFTER_MS)
      return `${consumer.status().name} has been at one batch for ${Math.round((performance.now() - since) / 1_000)} s`;
  }
  return undefined;
};
