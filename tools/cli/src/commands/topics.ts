import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { describeRule, ClusterData, openKafkaAdministration, type ClusterPlan } from '@sanwang/kafka';
import { z } from 'zod';
import { readArgs, UsageError } from '../usage.ts';

const SERVICES = new URL('../../../../services/', import.meta.url);

/** The contexts of this release that publish events: each service with a catalogue. */
const contextsHere = (): readonly string[] =>
  readdirSync(SERVICES).filter((name) => existsSync(new URL(`${name}/src/catalogue.ts`, SERVICES)));

const readData = (file: string | undefined): ClusterData => {
  const text = file === undefined ? '{}' : readFileSync(file, 'utf8');
  const given = (() => {
    try {
      return z.record(z.string(), z.unknown()).parse(JSON.parse(text));
    } catch {
      throw new UsageError(`${file}: expected a JSON object.`);
    }
  })();
  const parsed = ClusterData.safeParse({ contexts: contextsHere(), ...given });
  if (parsed.success) return parsed.data;
  const [first] = parsed.error.issues;
  throw new UsageError(`${file}: ${first!.path.join('.')}: ${first!.message}.`);
};

const linesOf = ({ topics, acls, byHand }: ClusterPlan): readonly string[] => [
  ...topics.create.map(({ topic, partitions }) => `make    ${topic} with ${partitions} partitions`),
  ...topics.alter.map(
    ({ topic, changes }) =>
      `change  ${topic}: ${Object.entries(changes)
        .map((pair) => pair.join('='))
        .join(', ')}`,
  ),
  ...acls.add.map((rule) => `allow   ${describeRule(rule)}`),
  ...acls.remove.map((rule) => `remove  ${describeRule(rule)}`),
  ...topics.refused.map((sentence) => `refused ${sentence}`),
  ...(byHand.length > 0
    ? ['', 'Users and their passwords are made by an administrator, on a broker:', ...byHand.map((line) => `  ${line}`)]
    : []),
];

/** Exit code 1 when something of the data cannot be brought about. */
export const run = async (args: readonly string[]): Promise<number> => {
  const { values, positionals } = readArgs(args, { 'dry-run': { type: 'boolean' } }, ['apply', 'FILE?']);
  if (positionals[0] !== 'apply') throw new UsageError(`Expected apply, not ${positionals[0]}.`);
  const url = process.env['SANWANG_KAFKA'];
  if (!url) throw new UsageError('SANWANG_KAFKA is missing: expected kafka://[user:password@]host:port[,…][?tls=true[&ca=FILE]].');
  const data = readData(positionals[1]);
  const administration = openKafkaAdministration(url);
  try {
    const plan = await administration.plan(data);
    const changes = plan.topics.create.length + plan.topics.alter.length + plan.acls.add.length + plan.acls.remove.length;
    process.stdout.write(
      linesOf(plan)
        .map((line) => `${line}\n`)
        .join(''),
    );
    if (!values['dry-run']) await administration.apply(plan);
    process.stdout.write(changes === 0 ? 'Nothing to change.\n' : `${changes} changes${values['dry-run'] ? ' would be' : ''} made.\n`);
    return plan.topics.refused.length > 0 ? 1 : 0;
  } finally {
    await administration.close();
  }
};
