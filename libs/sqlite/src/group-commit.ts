/**
 * Collects what arrives in one turn of the event loop and commits it together: one fsync for all. `commit` answers for each
 * item with its result or with the error that concerns it alone; when it throws, nothing was written and all items fail.
 */
export const groupCommit = <Item, Result extends object>(
  commit: (items: readonly Item[]) => readonly (Result | Error)[],
): { add(item: Item): Promise<Result>; flush(): void } => {
  type Waiting = { readonly item: Item; resolve(result: Result): void; reject(error: unknown): void };
  let waiting: Waiting[] = [];

  const flush = (): void => {
    if (waiting.length === 0) return;
    const group = waiting;
    waiting = [];
    try {
      const results = commit(group.map(({ item }) => item));
      for (const [n, { resolve, reject }] of group.entries()) {
        const result = results[n]!;
        if (result instanceof Error) reject(result);
        else resolve(result);
      }
    } catch (error) {
      for (const { reject } of group) reject(error);
    }
  };

  return {
    add: (item) =>
      new Promise<Result>((resolve, reject) => {
        if (waiting.push({ item, resolve, reject }) === 1) setImmediate(flush);
      }),
    flush,
  };
};
