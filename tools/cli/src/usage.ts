import { parseArgs, type ParseArgsOptionsConfig } from 'node:util';

/** The command line is wrong: said in one sentence, with the command's usage below it; exit code 2. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

/** Reads options and exactly `positionals` arguments (names in order; one ending in `?` may be absent). */
export const readArgs = <const Options extends ParseArgsOptionsConfig>(
  args: readonly string[],
  options: Options,
  positionals: readonly string[] = [],
) => {
  const parsed = (() => {
    try {
      return parseArgs({ args: [...args], options, allowPositionals: true, strict: true });
    } catch (error) {
      throw new UsageError((error as Error).message);
    }
  })();
  const needed = positionals.filter((name) => !name.endsWith('?')).length;
  if (parsed.positionals.length < needed) throw new UsageError(`${positionals[parsed.positionals.length]} is missing.`);
  if (parsed.positionals.length > positionals.length)
    throw new UsageError(`Too many arguments: ${parsed.positionals.slice(positionals.length).join(' ')}`);
  return { values: parsed.values, positionals: parsed.positionals as readonly (string | undefined)[] };
};

/** A whole number out of an option's text. */
export const wholeNumber = (name: string, text: string, least = 0): number => {
  const value = Number(text);
  if (!Number.isSafeInteger(value) || value < least)
    throw new UsageError(`--${name}: expected a whole number of at least ${least}, not ${text}.`);
  return value;
};
