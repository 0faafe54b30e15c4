/** Wakes all who wait. A wake-up may be spurious: check, then wait, without an `await` between the two. */
export interface Bell {
  ring(): void;
  wait(): Promise<void>;
}

export const createBell = (): Bell => {
  let next: PromiseWithResolvers<void> | undefined;
  return {
    ring() {
      next?.resolve();
      next = undefined;
    },
    wait: () => (next ??= Promise.withResolvers<void>()).promise,
  };
};
