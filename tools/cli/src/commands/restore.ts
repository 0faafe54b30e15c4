import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { restore } from '@sanwang/platform';
import { readEmbeddedConfig } from '@sanwang/service';
import { readArgs, UsageError } from '../usage.ts';

/** `--erased FILE` lists, one per line, the subjects erased since the backup; `--none-erased` says that there are none. */
export const run = async (args: readonly string[]): Promise<void> => {
  const { values, positionals } = readArgs(args, { erased: { type: 'string' }, 'none-erased': { type: 'boolean', default: false } }, [
    'FOLDER',
  ]);
  if ((values.erased === undefined) === !values['none-erased']) {
    throw new UsageError(
      'Say which subjects were erased since the backup (--erased FILE, one per line), or that there are none (--none-erased).',
    );
  }
  const subjects =
    values.erased === undefined
      ? []
      : readFileSync(values.erased, 'utf8')
          .split(/\r?\n/)
          .map((line) => line.trim())
          .filter((line) => line !== '' && !line.startsWith('#'));
  const config = readEmbeddedConfig(process.env);
  const manifest = await restore(resolve(positionals[0]!), resolve(config.data), subjects);
  process.stdout.write(
    `${config.data} holds the log of ${manifest.takenAt} up to position ${manifest.head}, without the keys of ${subjects.length} erased subjects. The first start builds the models.\n`,
  );
};
