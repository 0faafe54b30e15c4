import { randomUUID } from 'node:crypto';
import type { ClientDuplexStream } from '@grpc/grpc-js';
import { UnavailableError, type KurrentDBClient } from '@kurrent/kurrentdb-client';
import { StreamsClient } from '@kurrent/kurrentdb-client/generated/kurrentdb/protocols/v1/streams_grpc_pb.js';
import type streams from '@kurrent/kurrentdb-client/generated/kurrentdb/protocols/v1/streams_pb.js';
import { isRetriable, Rejection } from '@sanwang/kernel';
import { asRejection, refusedAppend, tooSlow } from './failures.ts';
import type { Pulse } from './pulse.ts';
import { withCorrelation } from './requests.ts';
import { uuidText } from './uuid.ts';

export type AppendRequest = InstanceType<typeof streams.BatchAppendReq>;
export type Appended = InstanceType<typeof streams.BatchAppendResp.Success>;
type Answer = InstanceType<typeof streams.BatchAppendResp>;

interface Waiting {
  readonly stream: string;
  resolve(appended: Appended): void;
  reject(error: unknown): void;
}
/** The one call that all appends of a connection share; each is answered for itself, in any order. */
interface Line {
  readonly call: ClientDuplexStream<AppendRequest, Answer>;
  readonly waiting: Map<string, Waiting>;
  isBroken(): boolean;
}

/** Sends appends over one open call (a call of its own for each costs four times the CPU), each with a deadline of its own. */
export const createAppends = (client: KurrentDBClient, where: string, deadlineMs: number, pulse: Pulse) => {
  let line: Promise<Line> | undefined;
  let closed = false;

  const open = async (forget: () => void): Promise<Line> => {
    let broken = false;
    const stub = await client['getGRPCClient'](StreamsClient, 'append');
    const waiting = new Map<string, Waiting>();
    const call = stub.batchAppend(...client['callArguments']({ requiresLeader: true }, { deadline: Infinity }));
    /** Everything under way fails; the next append begins a new line, to the leader of then. */
    const breakOff = (error: Error): void => {
      if (broken) return;
      broken = true;
      release();
      forget();
      void client['handleError'](stub, error instanceof Rejection ? new UnavailableError() : error);
      for (const { reject } of waiting.values()) reject(asRejection(error, where));
      waiting.clear();
      call.cancel();
    };
    const release = pulse.onGivenUp(breakOff);
    call
      .on('data', (answer: Answer) => {
        pulse.heard();
        const correlation = uuidText(answer.getCorrelationId()!);
        const one = waiting.get(correlation);
        if (!one) return;
        waiting.delete(correlation);
        const success = answer.getSuccess();
        if (success) return one.resolve(success);
        const refusal = refusedAppend(answer.getError(), one.stream, where);
        one.reject(refusal);
        // The node may have stopped being the leader without ending the call.
        if (isRetriable(refusal)) breakOff(refusal);
      })
      .on('error', breakOff)
      .on('end', () => breakOff(asRejection(new Error('the server has ended the call'), where)));
    return { call, waiting, isBroken: () => broken };
  };
  const current = (): Promise<Line> => {
    if (line) return line;
    const forget = (): void => {
      if (line === fresh) line = undefined;
    };
    const fresh = open(forget);
    fresh.catch(forget);
    return (line = fresh);
  };

  return {
    async append(stream: string, request: AppendRequest): Promise<Appended> {
      if (closed) throw new Rejection('unavailable', 'event-store-unavailable', 'The event store is closed.');
      const correlation = randomUUID();
      const { promise, resolve, reject } = Promise.withResolvers<Appended>();
      let on: Line | undefined;
      let late = false;
      const timer = setTimeout(() => {
        late = true;
        on?.waiting.delete(correlation);
        reject(tooSlow(where, deadlineMs));
        pulse.waitedInVain();
      }, deadlineMs);
      const send = async (): Promise<void> => {
        do on = await current();
        while (on.isBroken());
        if (late) return;
        on.waiting.set(correlation, { stream, resolve, reject });
        on.call.write(withCorrelation(request, correlation));
      };
      send().catch((error: unknown) => reject(asRejection(error, where)));
      try {
        return await promise;
      } finally {
        clearTimeout(timer);
      }
    },
    close(): void {
      closed = true;
      void line?.then(
        ({ call }) => call.cancel(),
        () => undefined,
      );
    },
  };
};
