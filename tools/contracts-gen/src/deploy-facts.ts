import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { z } from 'zod';

const quantities = z.record(z.string(), z.union([z.string(), z.number()]));
/** What the chart must know of a service: `services/<context>/values.yaml`. */
const facts = z.strictObject({
  replicas: z.int().min(1).max(50),
  public: z.literal(true).optional(),
  calledBy: z.array(z.string()),
  resources: z.strictObject({
    requests: quantities.refine((requests) => 'cpu' in requests && 'memory' in requests, 'cpu and memory'),
    limits: quantities.refine((limits) => 'memory' in limits && 'ephemeral-storage' in limits, 'memory and ephemeral-storage'),
  }),
});

const HEAD = '# Made from services/*/values.yaml by `npm run generate`.\n';

/**
 * The facts of all services in one file, for the chart, which cannot read outside its folder. Throws with one line per fault:
 * a service without facts, facts of another shape, a caller that is no service, not exactly one service that is public.
 */
export const joinDeployFacts = (servicesFolder: string): string => {
  const names = readdirSync(servicesFolder)
    .filter((name) => existsSync(join(servicesFolder, name, 'package.json')))
    .sort();
  const faults: string[] = [];
  const publicOnes: string[] = [];
  const parts = names.map((name) => {
    const file = `services/${name}/values.yaml`;
    const path = join(servicesFolder, name, 'values.yaml');
    if (!existsSync(path)) {
      faults.push(`${file} is missing`);
      return '';
    }
    const text = readFileSync(path, 'utf8');
    const read = facts.safeParse(parse(text));
    if (!read.success) faults.push(...read.error.issues.map((issue) => `${file}: ${issue.path.join('.')}: ${issue.message}`));
    else {
      for (const caller of read.data.calledBy) if (!names.includes(caller)) faults.push(`${file}: calledBy: there is no service ${caller}`);
      if (read.data.public) publicOnes.push(name);
    }
    const body = text
      .split('\n')
      .filter((line) => line.trim() !== '' && !line.trimStart().startsWith('#'))
      .map((line) => `  ${line}\n`);
    return `${name}:\n${body.join('')}`;
  });
  if (publicOnes.length !== 1) faults.push(`exactly one service is public, not ${publicOnes.length} (${publicOnes.join(', ')})`);
  if (faults.length > 0) throw new Error(`The deploy facts are not right:\n${faults.join('\n')}`);
  return HEAD + parts.join('');
};
