import { KurrentDBClient, UnavailableError } from '@kurrent/kurrentdb-client';
import { StreamsClient } from '@kurrent/kurrentdb-client/generated/kurrentdb/protocols/v1/streams_grpc_pb.js';
import type streams from '@kurrent/kurrentdb-client/generated/kurrentdb/protocols/v1/streams_pb.js';
import { invalid, Rejection } from '@sanwang/kernel';
import { createAppends, type Appended, type AppendRequest } from './appends.ts';
import { hostsOf } from './connection-string.ts';
import { asRejection, tooSlow } from './failures.ts';
import { createPulse } from './pulse.ts';

export type ReadRequest = InstanceType<typeof streams.ReadReq>;
export type ReadAnswer = InstanceType<typeof streams.ReadResp>;

/** A read that runs until somebody ends it. */
export interface OpenRead {
  onAnswer(answer: ReadAnswer): void;
  /** Called once; nothing comes afterwards. */
  onEnd(failure?: Rejection): void;
}
export interface Flow {
  pause(): void;
  resume(): void;
  cancel(): void;
}

/**
 * Calls to the server over the official client: it knows the cluster, the leader, TLS and credentials, and makes a new
 * connection when one breaks. The calls themselves are its generated ones: its own reads go through a native bridge that
 * turns TCP_NODELAY off, and its own appends leave no way to give a single one a deadline. Failures are `Rejection`s.
 */
export interface Connection {
  readonly where: string;
  readonly deadlineMs: number;
  read(request: ReadRequest): Promise<readonly ReadAnswer[]>;
  append(stream: string, request: AppendRequest): Promise<Appended>;
  /** A read without a deadline. */
  follow(request: ReadRequest, read: OpenRead): Promise<Flow>;
  close(): Promise<void>;
}

const clientOf = (connectionString: string): KurrentDBClient => {
  try {
    return KurrentDBClient.connectionString(connectionString);
  } catch (error) {
    const why = error instanceof Error && error.message.startsWith('Failed to load') ? `: ${error.message}` : '';
    throw invalid('kurrentdb-connection', 'connection string of KurrentDB', `one that its client understands${why}`);
  }
};

export const connect = (connectionString: string, deadlineMs: number): Connection => {
  const where = hostsOf(connectionString);
  const client = clientOf(connectionString.trim());
  const pulse = createPulse(where, deadlineMs);
  const appends = createAppends(client, where, deadlineMs, pulse);
  /** The next call makes a new connection. */
  pulse.onGivenUp(() => {
    void client['getGRPCClient'](StreamsClient, 'renew').then(
      (stub: StreamsClient) => client['handleError'](stub, new UnavailableError()),
      () => undefined,
    );
  });
  let closed = false;

  /** One call with everything before it (discovery of the leader, a new connection), within the deadline. */
  const call = async <T>(name: string, start: (stub: StreamsClient, settle: Settle<T>) => { cancel(): void }): Promise<T> => {
    if (closed) throw new Rejection('unavailable', 'event-store-unavailable', 'The event store is closed.');
    let late = false;
    let cancel: (() => void) | undefined;
    let timer: NodeJS.Timeout | undefined;
    const deadline = new Promise<never>((_, reject) => {
      timer = setTimeout(() => {
        late = true;
        cancel?.();
        reject(tooSlow(where, deadlineMs));
        pulse.waitedInVain();
      }, deadlineMs);
    });
    const answer = client['execute'](
      StreamsClient,
      name,
      (stub) =>
        new Promise<T>((resolve, reject) => {
          if (late) return reject(tooSlow(where, deadlineMs));
          const running = start(stub, { resolve, reject });
          cancel = () => running.cancel();
        }),
    );
    try {
      return await Promise.race([answer, deadline]);
    } catch (error) {
      throw asRejection(error, where);
    } finally {
      clearTimeout(timer);
    }
  };
  const callOptions = () => client['callArguments']({ requiresLeader: true, deadline: deadlineMs });

  return {
    where,
    deadlineMs,
    read: (request) =>
      call<ReadAnswer[]>('read', (stub, { resolve, reject }) => {
        const answers: ReadAnswer[] = [];
        return stub
          .read(request, ...callOptions())
          .on('metadata', pulse.heard)
          .on('data', (answer: ReadAnswer) => {
            pulse.heard();
            answers.push(answer);
          })
          .on('error', reject)
          .on('end', () => {
            pulse.heard();
            resolve(answers);
          });
      }),
    append: appends.append,
    follow: (request, { onAnswer, onEnd }) =>
      call<Flow>('subscribe', (stub, { resolve }) => {
        let ended = false;
        const end = (failure?: Rejection): void => {
          if (ended) return;
          ended = true;
          release();
          onEnd(failure);
        };
        const answers = stub.read(request, ...client['callArguments']({ requiresLeader: true }, { deadline: Infinity }));
        const release = pulse.onGivenUp((why) => {
          answers.cancel();
          end(why);
        });
        answers
          .on('data', (answer: ReadAnswer) => {
            pulse.heard();
            onAnswer(answer);
          })
          .on('error', (error: Error) => {
            void client['handleError'](stub, error);
            end(asRejection(error, where));
          })
          .on('end', () => end());
        resolve({ pause: () => answers.pause(), resume: () => answers.resume(), cancel: () => answers.cancel() });
        return answers;
      }),
    async close() {
      if (closed) return;
      closed = true;
      appends.close();
      await client.dispose();
      (await client['getChannel']()).close();
    },
  };
};

interface Settle<T> {
  resolve(result: T): void;
  reject(error: unknown): void;
}
