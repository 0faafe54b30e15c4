import { LOG_START, type EventReader } from '@sanwang/event-store';
import { Rejection } from '@sanwang/kernel';
import { consumerName, subscriptions, type Heads, type Held } from '@sanwang/read-model';
import type { RunningService } from '@sanwang/service';
import type { Finding, ModelHash } from '@sanwang/contracts/operations';
import type { Outcome, Progress } from './long-work.ts';
import type { Rebuilding } from './rebuilding.ts';
import type { EmbeddedPorts } from './embedded.ts';

/** Reads the whole log; the reader checks every record against its stream's hash chain. Answers the first damage. */
export const verifyLog = async (log: EventReader, progress: Progress): Promise<readonly Finding[]> => {
  const head = await log.head('');
  progress({ step: 'log', done: 0, total: head + 1 });
  try {
    for await (const page of log.readAll({ prefix: '', after: -1, pageSize: 2_000 })) {
      progress({ done: page.position + 1 });
      await new Promise((resolve) => setImmediate(resolve));
    }
  } catch (error) {
    if (!(error instanceof Rejection) || error.code !== 'data-loss') throw error;
    return [{ part: 'log', position: String(error.facts['position'] ?? ''), message: error.message }];
  }
  return [];
};

/** How long relays and models may take to reach the held positions, in ms; commands go on meanwhile. */
const REACH_MS = 15_000;

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

/** Holds all relays until the live models have reached them; `release` lets them go, also after half a hold. */
const holdRelays = (services: readonly RunningService[]) => {
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

/** The log's chains, then all models against what the log makes of them. Damage is a finding, not a failure of the verification. */
export const verify = async (
  parts: { readonly ports: EmbeddedPorts; readonly services: readonly RunningService[]; readonly rebuilding: Rebuilding },
  progress: Progress,
): Promise<Outcome> => {
  const findings = [...(await verifyLog(parts.ports.store, progress))];
  const definitions = parts.services.flatMap((service) => service.models.map(({ definition }) => definition));
  const compared = await parts.rebuilding.compare(definitions, holdRelays(parts.services), {
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
