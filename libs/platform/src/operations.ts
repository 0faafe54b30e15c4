import { OperationsServiceDefinition } from '@sanwang/contracts/operations';
import { notFound } from '@sanwang/kernel';
import type { Access, Directory } from '@sanwang/identity';
import { command, defineApi, query, type Api, type Call } from '@sanwang/rpc';
import { consumerName } from '@sanwang/read-model';
import { endsOnce, type RunningService } from '@sanwang/service';
import type { Logger } from '@sanwang/telemetry';
import { z } from 'zod';
import type { LongWork, Outcome, Progress } from './long-work.ts';
import type { Ports } from './ports.ts';
import type { Rebuilding } from './rebuilding.ts';

export interface OperationsParts {
  readonly ports: Pick<Ports, 'store' | 'bus'>;
  readonly running: readonly RunningService[];
  readonly rebuilding: Rebuilding;
  readonly longWork: LongWork;
  readonly access: Access;
  readonly directory: Directory;
  readonly logger: Logger;
  verify(progress: Progress, signal: AbortSignal): Promise<Outcome>;
  /** Copies what cannot be made again into a folder of this name; answers where that lies. */
  backup(name: string, progress: Progress): Promise<string>;
}

const modelName = z.string().regex(/^[a-z-]+\.[a-z-]+$/);
const parkedKey = z.string().min(1).max(300);

/** What may be asked, the same of one process that runs all services, of each service of a cluster, and of its gateway. */
export const requests = {
  getStatus: z.strictObject({}),
  startRebuild: z.strictObject({ models: z.array(modelName).max(200).default([]) }),
  startVerification: z.strictObject({}),
  startBackup: z.strictObject({ name: z.string().regex(/^[a-z0-9][a-z0-9-]{0,60}$/) }),
  getOperation: z.strictObject({ id: z.uuid() }),
  listParkedKeys: z.strictObject({}),
  replayParkedKey: z.strictObject({ model: modelName, key: parkedKey }),
  dropParkedEvent: z.strictObject({ model: modelName, key: parkedKey, reason: z.string().min(3).max(500) }),
};

/** The platform's own rpc service, for the IT department. */
export const operationsApi = (parts: OperationsParts): Api => {
  const { ports, running, rebuilding, longWork, access, directory, logger } = parts;
  const allow = (call: Call, action: string): void => access.require(call.principal, `operations.${action}`, {}, 'operation', action);
  const models = () => running.flatMap((service) => service.models);
  const find = (name: string) => {
    const model = models().find(({ definition }) => consumerName(definition) === name);
    if (!model) throw notFound('model', name);
    return model;
  };

  return defineApi(OperationsServiceDefinition, {
    getStatus: query(requests.getStatus, async (_request, call) => {
      allow(call, 'status');
      const deployment = directory.deployment();
      const ends = endsOnce(ports.bus);
      return {
        version: '0.1.0',
        mode: deployment?.mode ?? '',
        clock: directory.clock.now(),
        head: String(await ports.store.head('')),
        parts: running.flatMap(({ relay }) => {
          if (!relay) return [];
          const { context, state, message, position } = relay.status();
          return [{ name: `${context}.relay`, state, message: message ?? '', position: String(position) }];
        }),
        models: await Promise.all(
          models().map(async ({ consumer }) => {
            const { name, state, message, parkedKeys } = consumer.status();
            return { name, state, message: message ?? '', lag: await consumer.lag(ends), parkedKeys };
          }),
        ),
      };
    }),
    startRebuild: command(requests.startRebuild, async (request, call) => {
      allow(call, 'rebuild');
      const chosen = request.models.length > 0 ? request.models.map(find) : models();
      return {
        operation: longWork.start('rebuild', async (progress, signal) => {
          await rebuilding.rebuildAll(
            chosen.map(({ definition }) => definition),
            {
              takeOver: (definition, swap) => find(consumerName(definition)).takeOver(swap),
              onProgress: ({ step, done, total }) => progress({ step, done, total }),
              signal,
            },
          );
          return { result: chosen.map(({ definition }) => consumerName(definition)).join(' ') };
        }),
      };
    }),
    startVerification: command(requests.startVerification, async (_request, call) => {
      allow(call, 'verify');
      return { operation: longWork.start('verification', parts.verify) };
    }),
    startBackup: command(requests.startBackup, async (request, call) => {
      allow(call, 'backup');
      return { operation: longWork.start('backup', async (progress) => ({ result: await parts.backup(request.name, progress) })) };
    }),
    getOperation: query(requests.getOperation, async (request, call) => {
      allow(call, 'status');
      return { operation: longWork.get(request.id) };
    }),
    listParkedKeys: query(requests.listParkedKeys, async (_request, call) => {
      allow(call, 'parked.read');
      const lists = await Promise.all(models().map((model) => model.sink().parked()));
      return {
        items: lists.flat().map(({ consumer, events, ...rest }) => ({
          ...rest,
          model: consumer,
          events: events.map((event) => ({ ...event, position: String(event.position) })),
        })),
      };
    }),
    replayParkedKey: command(requests.replayParkedKey, async (request, call) => {
      allow(call, 'parked.write');
      const { applied, remaining, error } = await find(request.model).sink().replayParked(request.key);
      return { replayed: applied, remaining, error: error ?? '' };
    }),
    dropParkedEvent: command(requests.dropParkedEvent, async ({ model, key, reason }, call) => {
      allow(call, 'parked.write');
      const actor = call.principal.subject;
      const { event, replayed } = await find(model).sink().dropParked(key, { actor, reason });
      logger.warn({ model, position: event.position, event: event.id, actor, reason }, 'a parked event was given up');
      return { droppedEvent: event.id, remaining: replayed.remaining };
    }),
  });
};
