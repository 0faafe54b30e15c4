import type { EventReader } from '@sanwang/event-store';
import { Rejection } from '@sanwang/kernel';
import { modelHash } from '@sanwang/read-model';
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

/** How long a model may take to reach the held position. */
const REACH_MS = 60_000;

/**
 * Compares every live model with one built aside from the log. The relays of the contexts that feed it are held at a position
 * (commands go on) until live and rebuilt have both reached it.
 */
const verifyModel = async (
  { definition, consumer, reader }: RunningService['models'][number],
  services: readonly RunningService[],
  rebuilding: Rebuilding,
): Promise<ModelHash> => {
  const contexts = new Set(
    [...Object.keys(definition.on), ...(definition.opens?.length ? ['directory.'] : [])].map((type) => type.slice(0, type.indexOf('.'))),
  );
  const relays = services.flatMap(({ definition: { context }, relay }) => (relay && contexts.has(context) ? [{ context, relay }] : []));
  const held = new Map<string, number>();
  try {
    for (const { context, relay } of relays) held.set(context, await relay.hold());
    const end = Date.now() + REACH_MS;
    while ((await consumer.lag()) > 0) {
      if (Date.now() > end)
        throw new Rejection('unavailable', 'model-behind', `${definition.context}.${definition.name} does not reach the log's head.`);
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    const live = await modelHash(definition, reader.all());
    const rebuilt = await rebuilding.hashAside(definition, held);
    return {
      model: `${definition.context}.${definition.name}`,
      live: live.hash,
      rebuilt: rebuilt.hash,
      documents: live.documents,
      equal: live.hash === rebuilt.hash,
    };
  } finally {
    for (const { context, relay } of relays) if (held.has(context)) relay.release();
  }
};

/** The log's chains, then each model against its rebuild. Damage is a finding, not a failure of the verification. */
export const verify = async (
  parts: { readonly ports: EmbeddedPorts; readonly services: readonly RunningService[]; readonly rebuilding: Rebuilding },
  progress: Progress,
): Promise<Outcome> => {
  const findings = [...(await verifyLog(parts.ports.store, progress))];
  const models = parts.services.flatMap((service) => service.models);
  const hashes: ModelHash[] = [];
  for (const [index, model] of models.entries()) {
    const name = `${model.definition.context}.${model.definition.name}`;
    progress({ step: name, done: index, total: models.length });
    try {
      const hash = await verifyModel(model, parts.services, parts.rebuilding);
      hashes.push(hash);
      if (!hash.equal) findings.push({ part: name, position: '', message: 'the live model differs from the one built from the log' });
    } catch (error) {
      if (!(error instanceof Rejection)) throw error;
      findings.push({ part: name, position: String(error.facts['position'] ?? ''), message: error.message });
    }
  }
  progress({ step: 'done', done: models.length, total: models.length });
  return { hashes, findings };
};
