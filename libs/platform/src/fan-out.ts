import { setTimeout as pause } from 'node:timers/promises';
import {
  OperationsServiceDefinition,
  type GetStatusResponse,
  type ModelStatus,
  type Operation,
  type PartStatus,
} from '@sanwang/contracts/operations';
import type { Access, Directory } from '@sanwang/identity';
import { notFound, Rejection } from '@sanwang/kernel';
import {
  command,
  defineApi,
  inProcessClient,
  localEndpoint,
  query,
  type Api,
  type Call,
  type CallOptions,
  type ClientOf,
} from '@sanwang/rpc';
import type { LongWork, Progress } from './long-work.ts';
import { requests } from './operations.ts';
import type { Peers } from './peers.ts';
import type { Ports } from './ports.ts';
import { verifyLog } from './verify.ts';

type Operations = ClientOf<typeof OperationsServiceDefinition>;

export interface FanOutParts {
  /** The operations of this process alone. */
  readonly own: { readonly context: string; readonly operations: Api };
  /** The other services. */
  readonly contexts: readonly string[];
  readonly peers: Peers;
  readonly ports: Pick<Ports, 'store'>;
  readonly access: Access;
  readonly directory: Directory;
  readonly longWork: LongWork;
  serviceToken(): Promise<string>;
}

const POLL_MS = 250;
const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

/** What of several instances' answers counts: of a relay the one that publishes, of a model the one that is furthest behind. */
const merged = <Part extends { readonly name: string }>(parts: readonly Part[], better: (a: Part, b: Part) => Part): Part[] => {
  const byName = new Map<string, Part>();
  for (const part of parts) {
    const known = byName.get(part.name);
    byName.set(part.name, known ? better(known, part) : part);
  }
  return [...byName.values()];
};

/** The operations of a whole cluster: every service is asked for its own part, and the answers are put together. */
export const fanOut = (parts: FanOutParts): Api => {
  const { own, contexts, peers, ports, access, directory, longWork, serviceToken } = parts;
  const everyone = [...contexts, own.context].sort();
  const allow = (call: Call, action: string): void => access.require(call.principal, `operations.${action}`, {}, 'operation', action);
  const passedOn = ({ token, correlationId, traceparent, deadline }: Call): CallOptions => ({
    ...(token !== undefined && { token }),
    correlationId,
    ...(traceparent !== undefined && { traceparent }),
    timeoutMs: Math.max(1, deadline - Date.now()),
  });
  const ownClient = ({ principal }: Call): Operations =>
    inProcessClient(OperationsServiceDefinition, localEndpoint(own.operations), { principal });
  const instancesOf = async (context: string, call: Call): Promise<readonly Operations[]> =>
    context === own.context
      ? [ownClient(call)]
      : (await peers.instances(context)).map((instance) => instance.client(OperationsServiceDefinition, passedOn(call)));
  /** One instance, and always the same: it keeps its long work in its memory. */
  const oneOf = async (context: string, call: Call): Promise<Operations> => {
    const [first] = await instancesOf(context, call);
    if (!first) throw new Rejection('unavailable', 'service-unavailable', `The service ${context} is not available at the moment.`);
    return first;
  };
  const contextOf = (model: string): string => {
    const context = model.slice(0, model.indexOf('.'));
    if (!everyone.includes(context)) throw notFound('model', model);
    return context;
  };

  /** Follows long work of another process to its end, telling its progress as ours. */
  const follow = async (context: string, service: Operations, started: Operation | undefined, progress: Progress, signal: AbortSignal) => {
    for (let operation = started; operation;) {
      const { done, total, step, state, error, id } = operation;
      progress({ done, total, step: `${context}: ${step}` });
      if (state === 'done') return operation;
      if (state === 'failed') throw new Rejection('unavailable', 'operation-failed', `${context}: ${error}`);
      await pause(POLL_MS, undefined, { signal });
      const token = context === own.context ? undefined : await serviceToken();
      ({ operation } = await service.getOperation({ id }, { ...(token !== undefined && { token }), timeoutMs: 10_000 }));
    }
    throw new Rejection('internal', 'operation-missing', `${context} answered without an operation.`);
  };

  const statusOf = async (context: string, call: Call): Promise<Pick<GetStatusResponse, 'parts' | 'models'>> => {
    try {
      const answers = await Promise.all((await instancesOf(context, call)).map((service) => service.getStatus({})));
      return { parts: answers.flatMap((answer) => answer.parts), models: answers.flatMap((answer) => answer.models) };
    } catch (error) {
      return { parts: [{ name: context, state: 'away', message: messageOf(error), position: '' }], models: [] };
    }
  };

  return defineApi(OperationsServiceDefinition, {
    getStatus: query(requests.getStatus, async (_request, call) => {
      allow(call, 'status');
      const answers = await Promise.all(everyone.map((context) => statusOf(context, call)));
      return {
        version: '0.1.0',
        mode: directory.deployment()?.mode ?? '',
        clock: directory.clock.now(),
        head: String(await ports.store.head('')),
        parts: merged<PartStatus>(
          answers.flatMap((answer) => answer.parts),
          (a, b) => (a.state === 'waiting' ? b : a),
        ),
        models: merged<ModelStatus>(
          answers.flatMap((answer) => answer.models),
          (a, b) => (b.lag > a.lag || b.state !== 'running' ? b : a),
        ),
      };
    }),
    startRebuild: command(requests.startRebuild, async (request, call) => {
      allow(call, 'rebuild');
      const models = request.models;
      const chosen = models.length > 0 ? [...new Set(models.map(contextOf))] : everyone;
      const started = await Promise.all(
        chosen.map(async (context) => {
          const service = await oneOf(context, call);
          const { operation } = await service.startRebuild({ models: models.filter((model) => contextOf(model) === context) });
          return { context, service, operation };
        }),
      );
      return {
        operation: longWork.start('cluster-rebuild', async (progress, signal) => {
          const results: string[] = [];
          for (const { context, service, operation } of started)
            results.push((await follow(context, service, operation, progress, signal)).result);
          return { result: results.join(' ') };
        }),
      };
    }),
    startVerification: command(requests.startVerification, async (_request, call) => {
      allow(call, 'verify');
      return {
        operation: longWork.start('cluster-verification', async (progress, signal) => {
          const findings = [...(await verifyLog(ports.store, progress, false))];
          const hashes: Operation['hashes'] = [];
          for (const context of everyone) {
            const service = await oneOf(context, { ...call, deadline: Date.now() + 10_000 });
            const { operation } = await service.startVerification({});
            const done = await follow(context, service, operation, progress, signal);
            hashes.push(...done.hashes);
            findings.push(...done.findings);
          }
          return { hashes, findings };
        }),
      };
    }),
    startBackup: command(requests.startBackup, (request, call) => {
      allow(call, 'backup');
      return ownClient(call).startBackup(request);
    }),
    getOperation: query(requests.getOperation, async (request, call) => {
      allow(call, 'status');
      return { operation: longWork.get(request.id) };
    }),
    listParkedKeys: query(requests.listParkedKeys, async (_request, call) => {
      allow(call, 'parked.read');
      const lists = await Promise.all(everyone.map(async (context) => (await oneOf(context, call)).listParkedKeys({})));
      return { items: lists.flatMap(({ items }) => items) };
    }),
    replayParkedKey: command(requests.replayParkedKey, async (request, call) => {
      allow(call, 'parked.write');
      return (await oneOf(contextOf(request.model), call)).replayParkedKey(request);
    }),
    dropParkedEvent: command(requests.dropParkedEvent, async (request, call) => {
      allow(call, 'parked.write');
      return (await oneOf(contextOf(request.model), call)).dropParkedEvent(request);
    }),
  });
};
