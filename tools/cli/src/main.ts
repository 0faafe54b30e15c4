import { Rejection } from '@sanwang/kernel';
import { commands } from './commands.ts';
import { UsageError } from './usage.ts';

const usage = (): string =>
  [
    'Usage: npm run sanwang -- COMMAND [ARG ...]',
    '',
    ...Object.entries(commands).map(([name, { summary }]) => `  ${name.padEnd(10)} ${summary}`),
    '',
    '--target grpcs://HOST:PORT --ca FILE, after any command, works with a platform that runs elsewhere.',
  ].join('\n');

const describe = (error: unknown): string => {
  if (!(error instanceof Rejection)) return error instanceof Error ? (error.stack ?? error.message) : String(error);
  // What is wrong with the configuration says its own message.
  if (error.reason === 'configuration') return error.message;
  const violations = error.violations.map(({ field, expected }) => `\n  ${field}: expected ${expected}`).join('');
  return `${error.message} (${error.code}/${error.reason})${violations}`;
};

// A reader that has seen enough (`… | head`) ends the output, not in an error.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
  process.exit(0);
});

/** `--target` and `--ca` are every command's: which platform it works with. */
const takeOption = (args: string[], option: string): string | undefined => {
  const at = args.indexOf(option);
  return at < 0 ? undefined : args.splice(at, 2)[1];
};

const [name, ...args] = process.argv.slice(2);
const where = { target: takeOption(args, '--target'), ca: takeOption(args, '--ca') };
const command = name === undefined ? undefined : commands[name];
if (!command) {
  process.stderr.write(
    `${name === undefined || name === 'help' || name === '--help' ? '' : `There is no command ${name}.\n\n`}${usage()}\n`,
  );
  process.exitCode = name === undefined || name === 'help' || name === '--help' ? 0 : 2;
} else {
  try {
    const { run } = await command.load();
    process.exitCode = (await run(args, where)) ?? 0;
  } catch (error) {
    process.stderr.write(
      `${error instanceof UsageError ? `${error.message}\n\nUsage: npm run sanwang -- ${command.usage}` : describe(error)}\n`,
    );
    process.exitCode = error instanceof UsageError ? 2 : 1;
  }
}
