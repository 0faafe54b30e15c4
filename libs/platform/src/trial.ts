import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { decodeReadToken } from '@sanwang/event-store';
import type { Principal } from '@sanwang/identity';
import { Rejection, type Clock } from '@sanwang/kernel';
import type { Call } from '@sanwang/rpc';
import { readEmbeddedConfig } from '@sanwang/service';
import { createLogger } from '@sanwang/telemetry';
import { startHost, type Host } from './host.ts';

/** The whole platform on a folder of its own, for tests of services: calls reach the handlers in process, as any principal. */
export interface Trial {
  /** The running host; another one after `restart`. */
  readonly host: Host;
  /** Calls `<Service>/<rpcInCamelCase>`, e.g. `UnitService/registerUnit`. Answers carry their read token on to the next calls. */
  call(method: string, request: object, as?: Principal, more?: Partial<Call>): Promise<Record<string, unknown>>;
  /** The code, reason and fields of the refusal; fails when the call is not refused. */
  refusal(
    method: string,
    request: object,
    as?: Principal,
    more?: Partial<Call>,
  ): Promise<{ code: string; reason: string; fields: string[] }>;
  /** Ends the host and starts another on the same folder. */
  restart(): Promise<void>;
  stop(): Promise<void>;
}

export const bootstrapPrincipal: Principal = { subject: 'admin', kind: 'bootstrap' };
export const officerPrincipal = (subject: string): Principal => ({ subject, kind: 'officer' });

export interface TrialOptions {
  /** Opens the front door on free ports; otherwise nothing listens. */
  readonly listen?: boolean;
  /** Variables of the configuration beside the folder and the ports. */
  readonly env?: Readonly<Record<string, string>>;
  readonly wall?: Clock;
}

/** Starts a platform in a temporary folder, which `stop` removes. */
export const startTrial = async ({ listen = false, env = {}, wall }: TrialOptions = {}): Promise<Trial> => {
  const folder = await mkdtemp(join(tmpdir(), 'sanwang-trial-'));
  const start = (): Promise<Host> =>
    startHost({
      config: readEmbeddedConfig({ SANWANG_DATA: folder, SANWANG_HTTP_PORT: '0', SANWANG_GRPC_PORT: '0', ...env }),
      logger: createLogger({ level: 'silent' }),
      listen,
      ...(wall && { wall }),
    });
  let host = await start();
  const tokens = new Map<string, string>();

  const call: Trial['call'] = async (name, request, as = bootstrapPrincipal, more = {}) => {
    const [service, method] = name.split('/') as [string, string];
    const endpoint = host.endpoints.find((one) => one.service.name === service || one.service.fullName.endsWith(`.${service}`));
    if (!endpoint) throw new Error(`the platform has no ${service}`);
    const answer = (await endpoint.invoke({
      service: endpoint.service,
      method,
      request,
      call: {
        principal: as,
        method: `${endpoint.service.fullName}/${method}`,
        idempotencyKey: randomUUID(),
        readTokens: [...tokens.values()],
        correlationId: randomUUID(),
        deadline: Date.now() + 10_000,
        ...more,
      },
    })) as Record<string, unknown>;
    if (typeof answer['readToken'] === 'string') {
      const { context, partition } = decodeReadToken(answer['readToken']);
      tokens.set(`${context}.${partition}`, answer['readToken']);
    }
    return answer;
  };

  return {
    get host() {
      return host;
    },
    call,
    async refusal(method, request, as, more) {
      try {
        await call(method, request, as, more);
      } catch (error) {
        if (error instanceof Rejection)
          return { code: error.code, reason: error.reason, fields: error.violations.map(({ field }) => field) };
        throw error;
      }
      throw new Error(`${method} was not refused`);
    },
    async restart() {
      await host.drain();
      host = await start();
    },
    async stop() {
      await host.drain();
      await rm(folder, { recursive: true });
    },
  };
};
