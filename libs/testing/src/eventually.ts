/** Tries an assertion again until it holds or `withinMs` (wall clock, 5 s) have passed; then its last error is thrown. */
export const eventually = async <T>(check: () => T | Promise<T>, withinMs = 5_000, everyMs = 10): Promise<T> => {
  const end = Date.now() + withinMs;
  for (;;) {
    try {
      return await check();
    } catch (error) {
      if (Date.now() >= end) throw error;
      await new Promise((resolve) => setTimeout(resolve, everyMs));
    }
  }
};
