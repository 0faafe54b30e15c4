/** Messages from many partitions, taken in one batch after the other: what arrives during one batch makes up the next. */
export interface Pump<Message> {
  /** Resolves when the messages are taken in; rejects when the signal aborts before. */
  add(messages: readonly Message[]): Promise<void>;
  /** Runs `work` between two batches. */
  run(work: () => Promise<void>): Promise<void>;
  /** Resolves when nothing is in flight. */
  idle(): Promise<void>;
}

export interface PumpOptions<Message> {
  readonly signal: AbortSignal;
  take(messages: readonly Message[]): Promise<void>;
  /** `take` has thrown: the pump takes nothing more, and what was added waits for the signal. */
  stopped(error: unknown): void;
}

/** A batch does not grow over this by merging. */
const MERGE_UP_TO = 1_000;

export const createPump = <Message>({ signal, take, stopped }: PumpOptions<Message>): Pump<Message> => {
  const queue: { readonly messages: readonly Message[]; resolve(): void; reject(error: unknown): void }[] = [];
  let chain: Promise<void> = Promise.resolve();
  let halted = false;
  const refusal = (): Error => new Error('the consumer stops', { cause: signal.reason });

  const nextBatch = (): typeof queue => {
    let size = 0;
    let count = 0;
    while (count < queue.length && (count === 0 || size + queue[count]!.messages.length <= MERGE_UP_TO))
      size += queue[count++]!.messages.length;
    return queue.splice(0, count);
  };
  const work = async (): Promise<void> => {
    if (halted || signal.aborted || queue.length === 0) return;
    const batch = nextBatch();
    try {
      await take(batch.length === 1 ? batch[0]!.messages : batch.flatMap(({ messages }) => messages));
      for (const { resolve } of batch) resolve();
    } catch (error) {
      queue.unshift(...batch);
      if (signal.aborted) return refuseAll();
      halted = true;
      stopped(error);
    }
  };
  const refuseAll = (): void => {
    for (const { reject } of queue.splice(0)) reject(refusal());
  };
  signal.addEventListener('abort', () => void chain.then(refuseAll), { once: true });

  return {
    add(messages) {
      if (signal.aborted) return Promise.reject(refusal());
      return new Promise((resolve, reject) => {
        queue.push({ messages, resolve, reject });
        chain = chain.then(work);
      });
    },
    run(task) {
      const result = chain.then(() => (halted || signal.aborted ? undefined : task()));
      chain = result.catch(() => undefined);
      return result;
    },
    idle: () => chain,
  };
};
