import { OperationsServiceDefinition } from '@sanwang/contracts/operations';
import { notFound } from '@sanwang/kernel';
import type { Access, Directory } from '@sanwang/identity';
import { command, defineApi, query, type Api, type Call } from '@sanwang/rpc';
import { consumerName } from '@sanwang/read-model';
import type { RunningService } from '@sanwang/service';
import type { Logger } from '@sanwang/telemetry';
import { z } from 'zod';
import { backup } from './backup.ts';
import type { EmbeddedPorts } from './embedded.ts';
import type { LongWork } from './long-work.ts';
import type { Rebuilding } from './rebuilding.ts';
import { verify } from './verify.ts';

export interface OperationsParts {
  readonly ports: EmbeddedPorts;
  readonly running: readonly RunningService[];
  readonly rebuilding: Rebuilding;
  readonly longWork: LongWork;
  readonly access: Access;
  readonly directory: Directory;
  readonly logger: Logger;
}

const modelName = z.string().regex(/^[a-z-]+\.[a-z-]+$/);
const key = z.string().min(1).max(300);

/** The platform's own rpc service, for the IT department. */
export const operationsApi = ({ ports, running, rebuilding, longWork, access, directory, logger }: OperationsParts): Api => {
  const allow = (call: Call, action: string): void => access.require(call.principal, `operations.${action}`, {}, 'operation', action);
  const models = () => running.flatMap((service) => service.models);
  const find = (name: string) => {
    const model = models().find(({ definition }) => consumerName(definition) === name);
    if (!model) throw notFound('model', name);
    return model;
  };

  return defineApi(OperationsServiceDefinition, {
    getStatus: query(z.strictObject({}), async (_request, call) => {
      allow(call, 'status');
      const deployment = directory.deployment();
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
            return { name, state, message: message ?? '', lag: await consumer.lag(), parkedKeys };
          }),
        ),
      };
    }),
    startRebuild: command(
      z.strictObject({ models: z.array(modelName).max(200).default([]) }),
      async (request: { models: string[] }, call) => {
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
      },
    ),
    startVerification: command(z.strictObject({}), async (_request, call) => {
      allow(call, 'verify');
      return {
        operation: longWork.start('verification', (progress, signal) => {
          const watched = {
            ...rebuilding,
            compare: ((models, relays, options) => rebuilding.compare(models, relays, { ...options, signal })) as Rebuilding['compare'],
          };
          return verify({ ports, services: running, rebuilding: watched }, progress);
        }),
      };
    }),
    startBackup: command(
      z.strictObject({ name: z.string().regex(/^[a-z0-9][a-z0-9-]{0,60}$/) }),
      async (request: { name: string }, call) => {
        allow(call, 'backup');
        return {
          operation: longWork.start('backup', async (progress) => ({ result: await backup(ports.layout.folder, request.name, progress) })),
        };
      },
    ),
    getOperation: query(z.strictObject({ id: z.uuid() }), async (request: { id: string }, call) => {
      allow(call, 'status');
      return { operation: longWork.get(request.id) };
    }),
    listParkedKeys: query(z.strictObject({}), async (_request, call) => {
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
    replayParkedKey: command(z.strictObject({ model: modelName, key }), async (request: { model: string; key: string }, call) => {
      allow(call, 'parked.write');
      const { applied, remaining, error } = await find(request.model).sink().replayParked(request.key);
      return { replayed: applied, remaining, error: error ?? '' };
    }),
    dropParkedEvent: command(
      z.strictObject({ model: modelName, key, reason: z.string().min(3).max(500) }),
      async (request: { model: string; key: string; reason: string }, call) => {
        allow(call, 'parked.write');
        const { model, key, reason } = request;
        const actor = call.principal.subject;
        const { event, replayed } = await find(model).sink().dropParked(key, { actor, reason });
        logger.warn({ model, position: event.position }, 'a parked event was given up');
        return { droppedEvent: event.id, remaining: replayed.remaining };
      },
    ),
  });
};
