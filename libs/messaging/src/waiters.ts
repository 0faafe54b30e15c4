/** Those who wait until a place (a partition, a relay) has passed a position. */
export interface Waiters {
  readonly size: number;
  /** Resolves when `passed` reaches the position at the place; rejects with `behind()` after `withinMs`. */
  wait(place: string, position: number, withinMs: number, behind: () => Error): Promise<void>;
  passed(place: string, position: number): void;
  rejectAll(): void;
}

interface Waiter {
  readonly position: number;
  resolve(): void;
  reject(): void;
}

export const createWaiters = (): Waiters => {
  const places = new Map<string, Set<Waiter>>();
  let size = 0;
  const remove = (place: string, waiter: Waiter): void => {
    const waiting = places.get(place);
    if (!waiting?.delete(waiter)) return;
    size--;
    if (waiting.size === 0) places.delete(place);
  };
  return {
    get size() {
      return size;
    },
    wait(place, position, withinMs, behind) {
      const { promise, resolve, reject } = Promise.withResolvers<void>();
      const end = (settle: () => void) => () => {
        clearTimeout(timer);
        remove(place, waiter);
        settle();
      };
      const waiter: Waiter = { position, resolve: end(resolve), reject: end(() => reject(behind())) };
      const timer = setTimeout(waiter.reject, withinMs);
      const waiting = places.get(place) ?? new Set();
      places.set(place, waiting.add(waiter));
      size++;
      return promise;
    },
    passed(place, position) {
      const waiting = places.get(place);
      if (!waiting) return;
      for (const waiter of [...waiting]) if (waiter.position <= position) waiter.resolve();
    },
    rejectAll() {
      for (const waiting of [...places.values()]) for (const waiter of [...waiting]) waiter.reject();
    },
  };
};
