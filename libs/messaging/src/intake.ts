import { LOG_START, type PublishedEvent } from '@sanwang/event-store';
import { isDamagedMessage, messageType, messageVisibility, toPublishedEvent, wholePosition } from './envelope.ts';
import { judge, type KnownTypes, type Verdict } from './known.ts';
import type { BusMessage, PartitionProgress, TopicInfo } from './port.ts';
import type { RefusedMessage } from './sink.ts';

/** One partition as a consumer sees it: `next…` is taken in, `offered…` is on its way into the sink. */
interface PartitionState {
  readonly topic: string;
  readonly generation: string;
  readonly partition: number;
  nextOffset: number;
  position: number;
  offeredOffset: number;
  offeredPosition: number;
}

/** What some messages come to. `stop` is set when the message after the last one counted must not be passed. */
export interface Taken {
  readonly events: readonly PublishedEvent[];
  readonly refused: readonly RefusedMessage[];
  readonly touched: ReadonlySet<PartitionState>;
  readonly stop?: Error;
}

/**
 * Decides what a consumer takes in: drops what is at or below the highest position of its (topic generation, partition),
 * what is not subscribed and other contexts' private types, all before a value is parsed; stops at what is newer.
 */
export const createIntake = (ownContext: string, subscribes: ReadonlySet<string>, known: KnownTypes) => {
  const topics = new Map<string, (PartitionState | undefined)[]>();
  const verdicts = new Map<string, Verdict>();
  let saved: readonly PartitionProgress[] = [];
  let unsaved = new Set<PartitionState>();

  const verdictOf = (message: BusMessage): Verdict => {
    const ceType = message.headers['ce_type'] ?? '';
    let verdict = verdicts.get(ceType);
    if (!verdict) verdicts.set(ceType, (verdict = judge(messageType(message), ownContext, subscribes, known)));
    return verdict;
  };
  const stateOf = (topic: string, partition: number): PartitionState => {
    const state = topics.get(topic)?.[partition];
    if (!state) throw new Error(`a message of ${topic}/${partition} came before the bus asked where to begin`);
    return state;
  };
  const progressOf = ({ topic, generation, partition }: PartitionState, nextOffset: number, position: number): PartitionProgress => ({
    topic,
    generation,
    partition,
    nextOffset,
    position,
  });

  return {
    /** Forgets what was taken in, and goes on from what the sink has stored. */
    restart(progress: readonly PartitionProgress[]): void {
      saved = progress;
      topics.clear();
      unsaved = new Set();
    },
    /**
     * The offset from which a partition is to be read; a topic made anew is read from its beginning. `stored` is what the sink
     * has by now: another consumer of the group may have had the partition meanwhile.
     */
    begin(topic: TopicInfo, partition: number, stored: readonly PartitionProgress[]): number {
      saved = stored;
      const states = topics.get(topic.topic) ?? [];
      const present = states[partition];
      const before = saved.find((p) => p.topic === topic.topic && p.partition === partition && p.generation === topic.generation);
      const idle = present && present.offeredOffset === present.nextOffset;
      if (present?.generation === topic.generation && !(idle && before && before.nextOffset > present.nextOffset)) {
        return present.nextOffset;
      }
      if (present) unsaved.delete(present);
      const nextOffset = before?.nextOffset ?? 0;
      const position = before?.position ?? LOG_START;
      states[partition] = {
        topic: topic.topic,
        generation: topic.generation,
        partition,
        nextOffset,
        position,
        offeredOffset: nextOffset,
        offeredPosition: position,
      };
      topics.set(topic.topic, states);
      return nextOffset;
    },
    take(messages: Iterable<BusMessage>): Taken {
      const events: PublishedEvent[] = [];
      const refused: RefusedMessage[] = [];
      const touched = new Set<PartitionState>();
      for (const message of messages) {
        const state = stateOf(message.topic, message.partition);
        try {
          const position = wholePosition(message);
          if (position > state.offeredPosition) {
            const verdict = verdictOf(message);
            if (verdict.kind === 'newer') return { events, refused, touched, stop: verdict.error };
            if (verdict.kind === 'take' && !(verdict.foreign && messageVisibility(message) === 'private')) {
              const { version, upcast } = verdict;
              events.push(toPublishedEvent(message, verdict.type, upcast && { version, data: upcast }));
            }
            state.offeredPosition = position;
          }
        } catch (error) {
          if (!isDamagedMessage(error)) return { events, refused, touched, stop: error as Error };
          if (message.offset >= state.offeredOffset) refused.push(refusal(message, error));
        }
        if (message.offset >= state.offeredOffset) state.offeredOffset = message.offset + 1;
        touched.add(state);
      }
      return { events, refused, touched };
    },
    /** The progress to store together with what was taken: that of all partitions which the sink does not know yet. */
    progressWith({ touched }: Taken): readonly PartitionProgress[] {
      return [...new Set([...unsaved, ...touched])].map((state) => progressOf(state, state.offeredOffset, state.offeredPosition));
    },
    /** The sink holds what was taken; `stored` tells whether it stored the progress too. */
    commit({ touched }: Taken, stored: boolean): void {
      for (const state of touched) {
        state.nextOffset = state.offeredOffset;
        state.position = state.offeredPosition;
      }
      unsaved = stored ? new Set() : new Set([...unsaved, ...touched]);
    },
    /** The progress that the sink does not know yet, over messages that were passed over. */
    unsaved: (): readonly PartitionProgress[] => [...unsaved].map((state) => progressOf(state, state.nextOffset, state.position)),
    saved: (): void => void (unsaved = new Set()),
    generationOf: (topic: string): string | undefined => topics.get(topic)?.find((state) => state !== undefined)?.generation,
    positionOf: (topic: string, partition: number): number => topics.get(topic)?.[partition]?.position ?? LOG_START,
    /** Where every partition stands; the stored progress stands for those that the bus has not given to this consumer. */
    progress(): readonly PartitionProgress[] {
      const present = [...topics.values()].flat().filter((state) => state !== undefined);
      const taken = new Set(present.map((state) => `${state.topic}/${state.partition}`));
      return [
        ...present.filter((s) => s.nextOffset > 0 || s.position > LOG_START).map((s) => progressOf(s, s.nextOffset, s.position)),
        ...saved.filter((p) => !taken.has(`${p.topic}/${p.partition}`)),
      ];
    },
  };
};

const EXCERPT = 200;

const refusal = ({ topic, partition, offset, value }: BusMessage, { message: reason }: Error): RefusedMessage => ({
  topic,
  partition,
  offset,
  reason,
  excerpt: value.slice(0, EXCERPT),
});
