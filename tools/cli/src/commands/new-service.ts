import { join } from 'node:path';
import { readArgs, UsageError } from '../usage.ts';

const ROOT = join(import.meta.dirname, '..', '..', '..', '..');

export const run = async (args: readonly string[]): Promise<void> => {
  const { values, positionals } = readArgs(args, { aggregate: { type: 'string', default: 'Thing' } }, ['NAME']);
  const { serviceFault, writeService } = await import('@sanwang/contracts-gen/new-service');
  const service = { root: ROOT, services: join(ROOT, 'services'), name: positionals[0]!, aggregate: values.aggregate };
  const fault = serviceFault(service);
  if (fault !== undefined) throw new UsageError(fault);
  for (const file of writeService(service)) process.stdout.write(`services/${service.name}/${file}\n`);
  process.stdout.write(
    '\nNext: npm exec --yes --package=pnpm@12.21.0 -- pnpm install --no-frozen-lockfile, then npm run generate, npm test, npm start.\n',
  );
};
