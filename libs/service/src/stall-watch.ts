import type { Bus, TopicEndsReader } from '@sanwang/messaging';
import { consumerName } from '@sanwang/read-model';
import { every } from './every.ts';
import type { RunningModel } from './running-model.ts';

/** Tells which models stand still although there is something for them. */
export interface StallWatch {
  /** Since when (wall clock, ms) the model is behind and does not move; `undefined` when it does, or has nothing to do. */
  stalledSince(model: string): number | undefined;
}

const EVERY_MS = 5_000;
const STALLED_AFTER_MS = 30_000;

/** Where topics end, each asked for once: for one look at many consumers. */
export const endsOnce = (bus: TopicEndsReader): TopicEndsReader => {
  const once = <Answer>(ask: (topic: string) => Promise<Answer>): ((topic: string) => Promise<Answer>) => {
    const answers = new Map<string, Promise<Answer>>();
    return (topic) => {
      const answer = answers.get(topic) ?? ask(topic);
      answers.set(topic, answer);
      return answer;
    };
  };
  return { topicInfo: once((topic) => bus.topicInfo(topic)), endOffsets: once((topic) => bus.endOffsets(topic)) };
};

/** Looks from time to time at where the models stand, whichever instance feeds them. */
export const watchForStalls = (models: readonly RunningModel[], bus: Bus, signal: AbortSignal): StallWatch => {
  const seen = new Map<string, { readonly at: number; readonly since: number }>();
  void every(EVERY_MS, signal, async () => {
    const ends = endsOnce(bus);
    for (const { definition, consumer, reader } of models) {
      const name = consumerName(definition);
      if ((await consumer.lag(ends)) === 0) {
        seen.delete(name);
        continue;
      }
      const at = (await reader.progress()).reduce((sum, { nextOffset }) => sum + nextOffset, 0);
      if (seen.get(name)?.at !== at) seen.set(name, { at, since: Date.now() });
    }
  });
  return {
    stalledSince(model) {
      const since = seen.get(model)?.since;
      return since !== undefined && Date.now() - since > STALLED_AFTER_MS ? since : undefined;
    },
  };
};
