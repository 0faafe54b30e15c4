// A steady load on a platform that holds the city of the sample replay, and afterwards the account of it:
//
//   SANWANG_LOCAL_ISSUER_FILE=FILE node tools/bootstrap.cjs tools/load/src/main.ts --target URL --seconds N [--strict]
//
// Each round pools a task, reads it, cancels it and reads it again, by the read tokens. Whatever is not answered with success is
// counted and repeated with the same key. Exit code 1 when an acknowledged command is lost or doubled; with --strict also when a
// single request failed.
import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { issuerKeySchema, localIssuer } from '@sanwang/identity';
import { areaOf, posts, roundForm } from '@sanwang/replay';
import { account, type ShownTask } from './account.ts';
import { newTally, persist, type Request } from './call.ts';

const { values } = parseArgs({
  options: {
    target: { type: 'string' },
    seconds: { type: 'string', default: '60' },
    workers: { type: 'string', default: '8' },
    'per-second': { type: 'string', default: '40' },
    strict: { type: 'boolean', default: false },
  },
});
const file = process.env['SANWANG_LOCAL_ISSUER_FILE'];
const { target } = values;
if (target === undefined || file === undefined) throw new Error('--target URL and SANWANG_LOCAL_ISSUER_FILE are needed');
const issuer = await localIssuer(issuerKeySchema.parse(JSON.parse(readFileSync(file, 'utf8'))));
const token = await issuer.issue({ subject: posts.dispatcher, ttlSeconds: 6 * 3_600 });

const run = randomUUID().slice(0, 8);
const system = `load-${run}`;
const tally = newTally();
const send = (request: Omit<Request, 'token'>): Promise<Record<string, unknown>> => persist(target, { ...request, token }, tally);
const acknowledged = new Map<string, { id: string; commands: number }>();

const readBack = async (id: string, status: string, readToken: string): Promise<void> => {
  const shown = await send({ method: 'GET', path: `/v1/patrol/tasks/${id}`, readToken });
  if (shown['status'] !== status)
    throw new Error(`task ${id} is ${String(shown['status'])}, not ${status}: a read that does not see its own write`);
};

const round = async (key: string): Promise<void> => {
  const body = {
    channel: 'risk',
    type: 'round',
    checklist: roundForm.code,
    place: { name: `Load ${key}` },
    area: areaOf(1),
    title: `Load ${run}`,
    source: { system, key },
  };
  const pooled = await send({ method: 'POST', path: '/v1/patrol/tasks', idempotencyKey: `${run}-${key}-pool`, body });
  const id = String(pooled['id']);
  acknowledged.set(key, { id, commands: 1 });
  await readBack(id, 'pooled', String(pooled['readToken']));
  const cancelled = await send({
    method: 'POST',
    path: `/v1/patrol/tasks/${id}:cancel`,
    idempotencyKey: `${run}-${key}-cancel`,
    body: { reason: 'The end of a load' },
  });
  acknowledged.set(key, { id, commands: 2 });
  await readBack(id, 'cancelled', String(cancelled['readToken']));
};

const workers = Number(values.workers);
const end = performance.now() + Number(values.seconds) * 1_000;
const REQUESTS_PER_ROUND = 4;
const everyMs = (workers * REQUESTS_PER_ROUND * 1_000) / Number(values['per-second']);
await Promise.all(
  Array.from({ length: workers }, async (_, worker) => {
    await pause((everyMs / workers) * worker);
    for (let n = 0, due = performance.now(); performance.now() < end; n++) {
      await round(`${worker}-${n}`);
      due = Math.max(due + everyMs, performance.now() - everyMs);
      await pause(Math.max(0, due - performance.now()));
    }
  }),
);

const shown: ShownTask[] = [];
const requests = tally.requests;
const failures = Object.fromEntries(tally.failures);
const failed = [...tally.failures.values()].reduce((sum, count) => sum + count, 0);
for (let pageToken: string | undefined = ''; pageToken !== undefined;) {
  const query = new URLSearchParams({
    pageSize: '500',
    channel: 'risk',
    type: 'round',
    status: 'cancelled',
    ...(pageToken && { pageToken }),
  });
  const page = await send({ method: 'GET', path: `/v1/patrol/tasks?${query}` });
  shown.push(...(page['items'] as ShownTask[]).filter(({ source }) => source.system === system));
  pageToken = page['nextPageToken'] as string | undefined;
}
const result = account(acknowledged, shown);
console.log(
  JSON.stringify({
    run,
    requests,
    failed,
    failures,
    firstFailureAt: tally.firstFailureAt,
    slowestMs: Math.round(tally.slowestMs),
    ...result,
  }),
);
if (result.lost.length + result.doubled.length + result.unasked.length > 0 || (values.strict && failed > 0)) process.exitCode = 1;
