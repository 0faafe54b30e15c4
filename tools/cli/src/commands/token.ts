import { readEmbeddedConfig } from '@sanwang/service';
import { bootstrapSubject, issuerOf } from '../platform.ts';
import { readArgs, UsageError, wholeNumber } from '../usage.ts';

/** `--as admin` is the bootstrap subject of the configuration, which makes the first imports. */
export const run = async (args: readonly string[]): Promise<void> => {
  const { values } = readArgs(args, { as: { type: 'string' }, hours: { type: 'string', default: '12' } });
  if (values.as === undefined) throw new UsageError('--as is missing: whose token?');
  const config = readEmbeddedConfig(process.env);
  const issuer = await issuerOf(config);
  const subject = values.as === 'admin' ? bootstrapSubject(config) : values.as;
  process.stdout.write(`${await issuer.issue({ subject, ttlSeconds: wholeNumber('hours', values.hours, 1) * 3600 })}\n`);
};
