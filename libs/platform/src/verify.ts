import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { LOG_START, type EventReader } from '@sanwang/event-store';
import { Rejection } from '@sanwang/kernel';
import { consumerName, subscriptions, type Heads, type Held } from '@sanwang/read-model';
import type { RunningService } from '@sanwang/service';
import type { Finding, ModelHash } from '@sanwang/contracts/operations';
import type { Outcome, Progress } from './long-work.ts';
import { withCheckpoints } from './checkpoints.ts';
import type { EmbeddedPorts } from './embedded.ts';
import type { Rebuilding } from './rebuilding.ts';

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

/** SQLite's own check of the log's file reads all of it in one go, so a thread of its own does it. */
const fileFaults = async (path: string): Promise<readonly Finding[]> => {
  const worker = new Worker(new URL('./log-faults-worker.ts', import.meta.url), { workerData: path });
  try {
    const [faults] = (await once(worker, 'message')) as [readonly string[]];
    return faults.map((message) => ({ part: 'log', position: '', message }));
  } catch (error) {
    return [{ part: 'log', position: '', message: messageOf(error) }];
  } finally {
    await worker.terminate();
  }
};

/**
 * Reads the whole log; the reader checks every record against its stream's hash chain. The chain of a stream whose end was
 * deleted is sound, but positions have no gaps in a log that counts events. Answers the first gap and the first damage.
 */
export const verifyLog = async (log: EventReader, progress: Progress, countsEvents: boolean): Promise<readonly Finding[]> => {
  const head = await log.head('');
  const findings: Finding[] = [];
  let expected = LOG_START + 1;
  progress({ step: 'log', done: 0, total: head + 1 });
  try {
    for await (const { events, position } of log.readAll({ prefix: '', after: LOG_START, pageSize: 2_000 })) {
      for (const event of events) {
        if (countsEvents && event.position !== expected && findings.length === 0) {
          findings.push({ part: 'log', position: String(expected), message: `the log holds nothing at position ${expected}` });
        }
        expected = event.position + 1;
      }
      progress({ done: position + 1 });
      await new Promise((resolve) => setImmediate(resolve));
    }
  } catch (error) {
    if (!(error instanceof Rejection) || error.code !== 'data-loss') throw error;
    findings.push({ part: 'log', position: String(error.facts['position'] ?? ''), message: error.message });
  }
  return findings;
};

/** How long relays and models may take to reach the held positions, in ms; commands go on meanwhile. */
const REACH_MS = 15_000;

/** What makes the relays of the deployment stand still while live models are looked at. */
export type Relays = Parameters<Rebuilding['compare']>[1];

/** Holds all relays until the live models have reached them; `release` lets them go, also after half a hold. */
const holdRelays = (services: readonly RunningService[]): Relays => {
  const relays = services.flatMap(({ definition: { context }, relay }) => (relay ? [{ context, relay }] : []));
  const held = new Map<string, number>();
  return {
    async hold(reached: Heads): Promise<Held> {
      const end = Date.now() + REACH_MS;
      for (const { context, relay } of relays) held.set(context, await relay.hold(reached.get(context) ?? LOG_START));
      const away = new Map<string, unknown>();
      await Promise.all(
        relays.map(({ context, relay }) =>
          relay.caughtUp(held.get(context)!, REACH_MS).catch((error: unknown) => void away.set(context, error)),
        ),
      );
      const behind = new Map<string, unknown>();
      for (const { definition, consumer } of services.flatMap((service) => service.models)) {
        const name = consumerName(definition);
        while ((await consumer.lag()) > 0 && Date.now() < end) await new Promise((resolve) => setTimeout(resolve, 2));
        if ((await consumer.lag()) > 0)
          behind.set(name, new Rejection('unavailable', 'model-behind', `${name} does not reach the log's head.`));
        const missing = [...subscriptions(definition)].map((type) => type.slice(0, type.indexOf('.'))).find((context) => away.has(context));
        if (missing !== undefined) behind.set(name, away.get(missing));
      }
      return { upTo: new Map(held), behind };
    },
    async release(): Promise<void> {
      for (const { context, relay } of relays) if (held.delete(context)) relay.release();
    },
  };
};

/** The live models of services against what the log makes of them. A difference is a finding, not a failure of the verification. */
export const verifyModels = async (
  parts: {
    readonly services: readonly RunningService[];
    readonly rebuilding: Rebuilding;
    readonly relays: Relays;
    readonly signal: AbortSignal;
  },
  progress: Progress,
): Promise<Outcome> => {
  const findings: Finding[] = [];
  const definitions = parts.services.flatMap((service) => service.models.map(({ definition }) => definition));
  const compared = await parts.rebuilding.compare(definitions, parts.relays, {
    signal: parts.signal,
    onProgress: ({ step, done, total }) => progress({ step, done, total }),
  });
  const hashes: ModelHash[] = [];
  for (const one of compared) {
    const { model } = one;
    if ('error' in one) {
      const position = one.error instanceof Rejection ? String(one.error.facts['position'] ?? '') : '';
      findings.push({ part: model, position, message: messageOf(one.error) });
      continue;
    }
    const { live, rebuilt } = one;
    const equal = live.hash === rebuilt.hash;
    hashes.push({ model, live: live.hash, rebuilt: rebuilt.hash, documents: live.documents, equal });
    if (!equal) findings.push({ part: model, position: '', message: 'the live model differs from the one built from the log' });
  }
  progress({ step: 'done', done: definitions.length, total: definitions.length });
  return { hashes, findings };
};

/** The log's chains and file, then all models against what the log makes of them: a deployment that is one process. */
export const verify = async (
  parts: {
    readonly ports: EmbeddedPorts;
    readonly services: readonly RunningService[];
    readonly rebuilding: Rebuilding;
    readonly signal: AbortSignal;
  },
  progress: Progress,
): Promise<Outcome> => {
  const signed = await withCheckpoints(parts.ports);
  const damage = [
    ...(await verifyLog(signed.log, progress, true)),
    ...(await signed.findings()),
    ...(await fileFaults(parts.ports.layout.log)),
  ];
  const { hashes = [], findings = [] } = await verifyModels({ ...parts, relays: holdRelays(parts.services) }, progress);
  return { hashes, findings: [...damage, ...findings] };
};
