import { writeFile } from 'node:fs/promises';
import {
  benchIds,
  clusterSizes,
  reportHeader,
  reportNotes,
  reportRows,
  runBench,
  runClusterBench,
  sizes,
  type BenchId,
  type ServerUrls,
} from '@sanwang/bench';
import { table } from '../table.ts';
import { readArgs, UsageError } from '../usage.ts';

const chosen = (text: string): readonly BenchId[] =>
  text.split(',').map((part) => {
    const id = benchIds.find((known) => known.toLowerCase() === part.trim().toLowerCase());
    if (id === undefined) throw new UsageError(`--only: there is no measure ${part}; choose among ${benchIds.join(', ')}.`);
    return id;
  });

const serversHere = (): ServerUrls => {
  const { SANWANG_KAFKA: kafka, SANWANG_MONGODB: mongodb } = process.env;
  if (!kafka || !mongodb) throw new UsageError('--cluster: set SANWANG_KAFKA (one that nobody else uses) and SANWANG_MONGODB.');
  return { kafka, mongodb };
};

/** Measures the platform beside its floors. A missed aim is told, and is no failure. */
export const run = async (args: readonly string[]): Promise<number> => {
  const { values } = readArgs(args, {
    cluster: { type: 'boolean' },
    small: { type: 'boolean' },
    json: { type: 'string' },
    only: { type: 'string' },
    profile: { type: 'string' },
  });
  const onStep = (step: string): void => void process.stderr.write(`${new Date().toISOString().slice(11, 19)} ${step} …\n`);
  const report = values.cluster
    ? await runClusterBench({ servers: serversHere(), size: values.small ? clusterSizes.small : clusterSizes.full, onStep })
    : await runBench({
        size: values.small ? sizes.small : sizes.full,
        ...(values.only !== undefined && { only: chosen(values.only) }),
        ...(values.profile !== undefined && { profile: values.profile }),
        onStep,
      });
  const { cpu, cores, memoryGb, node, sqlite, load, date } = report.machine;
  const lines = [
    `${cpu}, ${cores} cores, ${memoryGb} GB; Node ${node}, SQLite ${sqlite}; load ${load} before; ${date}; size: ${report.size}`,
    '',
    table(reportHeader, reportRows(report)),
    '',
    ...reportNotes(report),
  ];
  process.stdout.write(`${lines.join('\n')}\n`);
  if (values.json !== undefined) await writeFile(values.json, `${JSON.stringify(report, null, 2)}\n`);
  return 0;
};
