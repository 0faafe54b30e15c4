import { decodeReadToken } from '@sanwang/event-store';
import type { RunningModel } from './running-model.ts';

/** Waits until every given model has passed those of the tokens that concern it, or the deadline (wall, ms) is over. */
export const awaitTokens = async (models: readonly RunningModel[], readTokens: readonly string[], deadline: number): Promise<void> => {
  if (readTokens.length === 0) return;
  const tokens = readTokens.map(decodeReadToken);
  await Promise.all(models.flatMap(({ consumer }) => tokens.map((token) => consumer.waitFor(token, Math.max(0, deadline - Date.now())))));
};
