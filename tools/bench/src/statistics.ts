const sorted = (values: readonly number[]): readonly number[] => [...values].sort((left, right) => left - right);

/** The value below which the share lies, by nearest rank. */
export const percentile = (values: readonly number[], share: number): number => {
  const ordered = sorted(values);
  return ordered[Math.min(ordered.length - 1, Math.max(0, Math.ceil(share * ordered.length) - 1))] ?? NaN;
};
export const median = (values: readonly number[]): number => percentile(values, 0.5);
export const range = (values: readonly number[]): { readonly low: number; readonly high: number } => ({
  low: Math.min(...values),
  high: Math.max(...values),
});
export const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;
