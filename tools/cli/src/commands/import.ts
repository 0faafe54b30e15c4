import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { Rejection } from '@sanwang/kernel';
import { writeReport, type BadRow } from '../import/csv.ts';
import { importKinds, type ImportItem } from '../import/kinds.ts';
import { actingOfficer, withPlatform, type Where } from '../platform.ts';
import { bar, progressLine } from '../progress.ts';
import { readArgs, UsageError } from '../usage.ts';

const PARALLEL = 32;
const RETRIES = 5;

const sentence = ({ message, violations }: Rejection): string =>
  violations.length === 0 ? message : violations.map(({ field, expected }) => `${field}: expected ${expected}`).join('; ');

/** Sends one item; what says "try again" is tried again, what is wrong with it becomes a row of the report. */
const send = async (item: ImportItem, key: string): Promise<BadRow | undefined> => {
  for (let attempt = 0; ; attempt++) {
    try {
      await item.send({ idempotencyKey: key, timeoutMs: 30_000 });
      return undefined;
    } catch (error) {
      if (!(error instanceof Rejection) || error.code === 'unauthenticated' || error.code === 'permission-denied') throw error;
      const again =
        error.reason === 'rate-limited' || error.code === 'unavailable' || error.code === 'deadline-exceeded' || error.code === 'conflict';
      if (!again) return { line: item.line, code: error.code, reason: error.reason, message: sentence(error) };
      if (attempt >= RETRIES) throw error;
      await new Promise((resolve) => setTimeout(resolve, 100 * 2 ** attempt));
    }
  }
};

/** Takes the good rows of a file and reports the bad ones with line and reason; exit code 1 when there were any. */
export const run = async (args: readonly string[], where: Where): Promise<number> => {
  const { values, positionals } = readArgs(args, { as: { type: 'string' }, errors: { type: 'string' } }, ['WHAT', 'FILE']);
  const [what, file] = positionals as [string, string];
  const kind = importKinds[what];
  if (!kind) throw new UsageError(`${what} cannot be imported; choose one of ${Object.keys(importKinds).join(', ')}.`);
  const fingerprint = createHash('sha256')
    .update(await readFile(file))
    .digest('hex')
    .slice(0, 24);
  return withPlatform(where, async (platform) => {
    const subject = await actingOfficer(platform, values.as, kind.duty);
    const waves = await kind.read(file, platform, subject);
    const total = waves.reduce((sum, wave) => sum + wave.length, 0);
    const line = progressLine();
    const bad: BadRow[] = [];
    let done = 0;
    for (const wave of waves) {
      const queue = wave.values();
      const worker = async (): Promise<void> => {
        for (const item of queue) {
          const row = await send(item, `import-${fingerprint}-${item.line}`);
          if (row) bad.push(row);
          line.show(`${bar(++done, total)} ${what}`);
        }
      };
      await Promise.all(Array.from({ length: PARALLEL }, worker));
    }
    line.end();
    process.stdout.write(`${total - bad.length} of ${total} ${what} taken from ${file}\n`);
    if (bad.length === 0) return 0;
    const report = values.errors ?? `${file.split('/').at(-1)}.errors.csv`;
    await writeReport(
      report,
      bad.sort((left, right) => left.line - right.line),
    );
    process.stderr.write(`${bad.length} rows were not taken; ${report} says why.\n`);
    return 1;
  });
};
