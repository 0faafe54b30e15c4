/** A task as the list shows it. */
export interface ShownTask {
  readonly id: string;
  readonly revision: number;
  readonly status: string;
  readonly source: { readonly system: string; readonly key: string };
}

export interface Account {
  readonly acknowledged: number;
  readonly found: number;
  /** Acknowledged, and not there. */
  readonly lost: readonly string[];
  /** There more than once, or with more events than were commanded. */
  readonly doubled: readonly string[];
  /** There, though never acknowledged. */
  readonly unasked: readonly string[];
}

/** Every acknowledged task must stand in the list once, with as many events as commands of it were acknowledged. */
export const account = (
  acknowledged: ReadonlyMap<string, { readonly id: string; readonly commands: number }>,
  shown: readonly ShownTask[],
): Account => {
  const byKey = Map.groupBy(shown, ({ source }) => source.key);
  const lost: string[] = [];
  const doubled: string[] = [];
  for (const [key, { id, commands }] of acknowledged) {
    const found = byKey.get(key) ?? [];
    const mine = found.find((task) => task.id === id);
    if (!mine || mine.revision < commands - 1) lost.push(key);
    if (found.length > 1 || (mine !== undefined && mine.revision > commands - 1)) doubled.push(key);
  }
  return {
    acknowledged: acknowledged.size,
    found: shown.length,
    lost,
    doubled,
    unasked: [...byKey.keys()].filter((key) => !acknowledged.has(key)),
  };
};
