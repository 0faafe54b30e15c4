import { Client, Metadata, credentials, status, type ServiceError } from '@grpc/grpc-js';
import * as fc from 'fast-check';
import type { ProtoService } from './api.ts';
import type { Descriptors } from './descriptors.ts';
import { requestBytes } from './fuzz-messages.ts';
import { cursedTexts } from './fuzz-values.ts';
import { grpcPath } from './grpc.ts';

export interface FuzzGrpcOptions {
  readonly descriptors: Descriptors;
  readonly services: readonly ProtoService[];
  /** E.g. `127.0.0.1:8081`. */
  readonly address: string;
  /** Tokens to call with; beside them calls take none, or rubbish. */
  readonly tokens: readonly string[];
  /** The same seed sends the same calls. */
  readonly seed: number;
  /** Calls per rpc. */
  readonly runs: number;
  /** By the path, such as `sanwang.patrol.v1.PatrolService/PoolTask`. */
  readonly skip?: (method: string) => boolean;
}

export interface FuzzGrpcReport {
  readonly calls: number;
  /** How many calls ended with which status, by its name. */
  readonly statuses: Readonly<Record<string, number>>;
  /** Empty when every call was answered as a caller can be answered, and none with a fault of the server. */
  readonly failures: readonly { readonly method: string; readonly request: string; readonly why: string }[];
}

interface Plan {
  readonly bytes: Uint8Array;
  readonly metadata: Metadata;
  /** After so many ms the caller goes away. */
  readonly cancelAfter: number | undefined;
}

const HANGS_AFTER_MS = 30_000;
const IN_FLIGHT = 16;
const HEADERS = ['idempotency-key', 'if-match', 'sanwang-read-token', 'traceparent', 'x-correlation-id'];

const visible = (value: string): string =>
  value
    .replaceAll(/[^\x20-\x7e]/g, '?')
    .trim()
    .slice(0, 3_000);
const headerText = fc.oneof(
  fc.constantFrom('"3"', 'key-1', '*', 'patrol.0.17', `00-${'0'.repeat(32)}-${'1'.repeat(16)}-01`, ',,,', 'a,'.repeat(40)),
  fc.constantFrom(...cursedTexts),
  fc.string({ maxLength: 40 }),
  fc.base64String({ maxLength: 60 }),
);

/** Half of the calls have nothing in their metadata but a good token; of the others every part may be anything. */
const metadataFor = (tokens: readonly string[]): fc.Arbitrary<Metadata> => {
  const good = fc.constantFrom(...tokens).map((token) => `Bearer ${token}`);
  const bad = fc.oneof(
    headerText,
    headerText.map((text) => `Bearer ${text}`),
    good.map((token) => token.slice(0, -5)),
    good.map((token) => `${token}.${token}`),
  );
  const anything = fc.record(
    {
      authorization: fc.oneof({ arbitrary: good, weight: 3 }, { arbitrary: bad, weight: 2 }),
      ...Object.fromEntries(HEADERS.map((header) => [header, headerText])),
    },
    { requiredKeys: [] },
  );
  const plain = good.map((authorization) => ({ authorization, 'idempotency-key': 'key-2' }));
  const entries: fc.Arbitrary<Record<string, string>> = fc.oneof(plain, anything);
  const binary = fc.dictionary(
    fc.constantFrom('grpc-status-details-bin', 'rubbish-bin', 'authorization-bin'),
    fc.uint8Array({ maxLength: 200 }),
    {
      maxKeys: 2,
    },
  );
  return fc.tuple(entries, binary, fc.nat(3)).map(([texts, bytes, dice]) => {
    const metadata = new Metadata();
    for (const [header, text] of Object.entries(texts)) metadata.set(header, visible(text));
    if (dice === 0) for (const [header, value] of Object.entries(bytes)) metadata.set(header, Buffer.from(value));
    return metadata;
  });
};

const asIs = (bytes: Buffer): Buffer => bytes;

const faultOf = ({ code, details, metadata }: ServiceError, isCancelled: boolean): string | undefined => {
  const said = `${status[code]}: ${details}`.slice(0, 500);
  switch (code) {
    case status.CANCELLED:
      return isCancelled ? undefined : said;
    case status.RESOURCE_EXHAUSTED:
      // What is too large is refused before it reaches us.
      return undefined;
    case status.UNKNOWN:
    case status.INTERNAL:
    case status.DATA_LOSS:
    case status.UNIMPLEMENTED:
    case status.DEADLINE_EXCEEDED:
      return said;
    default:
      return metadata.get('grpc-status-details-bin').length === 1 ? undefined : `${said} without details`;
  }
};

/**
 * Sends seeded calls, most of them broken in one way, to every rpc of the services. A failure is INTERNAL, UNKNOWN, DATA_LOSS or
 * UNIMPLEMENTED, an error without details, or no answer at all.
 */
export const fuzzGrpc = async (options: FuzzGrpcOptions): Promise<FuzzGrpcReport> => {
  const statuses: Record<string, number> = {};
  const failures: { method: string; request: string; why: string }[] = [];
  const client = new Client(options.address, credentials.createInsecure());
  const send = (path: string, { bytes, metadata, cancelAfter }: Plan): Promise<void> =>
    new Promise((resolve) => {
      const deadline = Date.now() + HANGS_AFTER_MS;
      const call = client.makeUnaryRequest(path, asIs, asIs, Buffer.from(bytes), metadata, { deadline }, (error) => {
        const name = status[error?.code ?? status.OK];
        statuses[name] = (statuses[name] ?? 0) + 1;
        const why = error ? faultOf(error, cancelAfter !== undefined) : undefined;
        if (why !== undefined) {
          const request = `${bytes.length} bytes ${Buffer.from(bytes.subarray(0, 200)).toString('hex')} ${JSON.stringify(metadata.toJSON())}`;
          failures.push({ method: path.slice(1), request: request.slice(0, 1_500), why });
        }
        resolve();
      });
      if (cancelAfter !== undefined) setTimeout(() => call.cancel(), cancelAfter);
    });

  // Another one for each rpc, or all would get the same metadata.
  let seeds = options.seed;
  const planned = options.services.flatMap((service) =>
    options.descriptors.rpcs(service).flatMap(({ key, method }) => {
      const path = grpcPath(service, service.methods[key]!);
      if (options.skip?.(path.slice(1)) === true) return [];
      const plans: fc.Arbitrary<Plan> = fc.record({
        bytes: requestBytes(method.input),
        metadata: metadataFor(options.tokens),
        cancelAfter: fc.oneof({ arbitrary: fc.constant(undefined), weight: 9 }, { arbitrary: fc.nat(5), weight: 1 }),
      });
      return fc.sample(plans, { numRuns: options.runs, seed: seeds++ }).map((plan) => ({ path, plan }));
    }),
  );
  const left = planned.values();
  const work = async (): Promise<void> => {
    for (const { path, plan } of left) await send(path, plan);
  };
  try {
    await Promise.all(Array.from({ length: IN_FLIGHT }, work));
  } finally {
    client.close();
  }
  return { calls: planned.length, statuses, failures };
};
