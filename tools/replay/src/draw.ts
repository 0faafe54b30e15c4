import { hash } from 'node:crypto';

/**
 * The policy's only source of chance: a number in [0, 1) that follows from seed, thing and purpose alone, so that every answer is the
 * same in whatever order, and after whatever interruption, it is asked for.
 */
export const draw = (seed: string, id: string, purpose: string): number =>
  Number.parseInt(hash('sha256', `${seed}\n${id}\n${purpose}`, 'hex').slice(0, 13), 16) / 2 ** 52;

/** A whole number from `from` to `to`, both included. */
export const drawInteger = (seed: string, id: string, purpose: string, from: number, to: number): number =>
  from + Math.floor(draw(seed, id, purpose) * (to - from + 1));

/** One of the options, all equally likely. */
export const drawOne = <T>(seed: string, id: string, purpose: string, options: readonly [T, ...T[]] | readonly T[]): T => {
  const option = options[Math.floor(draw(seed, id, purpose) * options.length)];
  if (option === undefined) throw new RangeError(`nothing to choose from for ${purpose} of ${id}`);
  return option;
};
