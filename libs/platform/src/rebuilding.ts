import { linkedController, topicOf, type Bus, type Lease, type Leases } from '@sanwang/messaging';
import {
  compareInThread,
  consumerName,
  createRebuildThreads,
  rebuildInThread,
  type Compared,
  type Heads,
  type Held,
  type ModelDefinition,
  type ModelStore,
  type RebuildProgress,
  type Rebuilt,
  type TakeOver,
  type TopicEnds,
} from '@sanwang/read-model';

interface Watching {
  onProgress?(progress: RebuildProgress & { readonly step: string }): void;
  readonly signal?: AbortSignal;
}
export interface RebuildAllOptions extends Watching {
  readonly takeOver?: TakeOver;
  /** Whether a model still has to be rebuilt once it is our turn: another instance may have done it meanwhile. */
  isDue?(definition: ModelDefinition): Promise<boolean>;
}

/** Rebuilds of one deployment's models: one worker thread and one reading of the log, however many models. */
export interface Rebuilding {
  rebuild(definition: ModelDefinition, options?: Watching & { takeOver?(swap: () => Promise<void>): Promise<void> }): Promise<Rebuilt>;
  /** Waits its turn: a model is rebuilt by one instance at a time. */
  rebuildAll(definitions: readonly ModelDefinition[], options?: RebuildAllOptions): Promise<Rebuilt>;
  /** Compares the live models with ones made aside; see `compareWithLog`. */
  compare(
    definitions: readonly ModelDefinition[],
    relays: { hold(reached: Heads): Promise<Held>; release(): Promise<void> },
    options?: Watching,
  ): Promise<readonly Compared[]>;
  /** What is being rebuilt now: the share done, from 0 to 1, by model. */
  progress(): ReadonlyMap<string, number>;
  /** Ends the threads that wait for work. */
  close(): Promise<void>;
}

/** By which the worker thread opens what it reads and writes: a module's URL, its export, and what that is called with. */
export interface Opener {
  readonly module: string;
  readonly name: string;
  readonly args: unknown;
}

export interface RebuildingParts {
  readonly opener: Opener;
  readonly store: ModelStore;
  readonly bus: Bus;
  readonly leases: Leases;
  /** The lease under which one instance at a time rebuilds the model; `undefined` where it is this instance's own. */
  leaseOf(definition: ModelDefinition): string | undefined;
}

export const createRebuilding = ({ store, bus, opener, leases, leaseOf }: RebuildingParts): Rebuilding => {
  const ends = async (context: string): Promise<TopicEnds> => {
    const { topic, generation } = await bus.ensureTopic(topicOf(context));
    return (await bus.endOffsets(topic)).map((nextOffset, partition) => ({ topic, generation, partition, nextOffset }));
  };
  const threads = createRebuildThreads();
  const common = { store, opener, threads };
  const under = new Map<string, number>();
  const closing = new AbortController();

  /** Runs the work under the leases of all these models, taken in one order everywhere, so that nobody waits in a circle. */
  const underLeases = async <T>(
    definitions: readonly ModelDefinition[],
    signal: AbortSignal | undefined,
    work: (until: AbortSignal) => Promise<T>,
  ): Promise<T> => {
    const calledOff = linkedController(closing.signal, ...(signal ? [signal] : []));
    const names = definitions.flatMap((definition) => leaseOf(definition) ?? []).sort();
    const taken: Lease[] = [];
    try {
      for (const name of names) taken.push(await leases.take(name, calledOff.signal));
      const until = linkedController(calledOff.signal, ...taken.map(({ lost }) => lost));
      try {
        return await work(until.signal);
      } finally {
        until.release();
      }
    } finally {
      calledOff.release();
      for (const lease of taken) await lease.release().catch(() => undefined);
    }
  };

  const rebuildAll: Rebuilding['rebuildAll'] = (all, { isDue, takeOver, signal, onProgress: report } = {}) =>
    underLeases(all, signal, async (until) => {
      const definitions: ModelDefinition[] = [];
      for (const definition of all) if (!isDue || (await isDue(definition))) definitions.push(definition);
      if (definitions.length === 0) return { events: 0 };
      const names = definitions.map(consumerName);
      const share = (value: number): void => names.forEach((name) => under.set(name, value));
      share(0);
      const onProgress: Watching['onProgress'] = (progress) => {
        share(progress.total > 0 ? Math.min(1, progress.done / progress.total) : 0);
        report?.(progress);
      };
      try {
        return await rebuildInThread({ ...common, definitions, ends, onProgress, signal: until, ...(takeOver && { takeOver }) });
      } finally {
        for (const name of names) under.delete(name);
      }
    });

  return {
    rebuildAll,
    progress: () => under,
    rebuild: (definition, { takeOver, ...watching } = {}) =>
      rebuildAll([definition], { ...watching, ...(takeOver && { takeOver: (_definition, swap) => takeOver(swap) }) }),
    compare: (definitions, relays, options = {}) => compareInThread({ ...common, definitions, ...relays, ...options }),
    async close() {
      closing.abort();
      await threads.close();
    },
  };
};
