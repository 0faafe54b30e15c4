import { setTimeout as pause } from 'node:timers/promises';

export interface Request {
  readonly method: 'GET' | 'POST';
  readonly path: string;
  readonly token: string;
  /** Of a command: the same for each repeat of it. */
  readonly idempotencyKey?: string;
  readonly readToken?: string | undefined;
  readonly body?: object;
}

/** What went wrong, counted by what was seen; and how often a request had to be repeated. */
export interface Tally {
  requests: number;
  readonly failures: Map<string, number>;
  firstFailureAt: string | undefined;
  slowestMs: number;
}
export const newTally = (): Tally => ({ requests: 0, failures: new Map(), firstFailureAt: undefined, slowestMs: 0 });

const TIMEOUT_MS = 15_000;
/** Answers that a repeat cannot change. */
const isFinal = (status: number): boolean => status >= 400 && status < 500 && status !== 429;

const once = async (
  target: string,
  { method, path, token, idempotencyKey, readToken, body }: Request,
): Promise<{ status: number; text: string }> => {
  const answer = await fetch(new URL(path, target), {
    method,
    headers: {
      authorization: `Bearer ${token}`,
      ...(body !== undefined && { 'content-type': 'application/json' }),
      ...(idempotencyKey !== undefined && { 'idempotency-key': idempotencyKey }),
      ...(readToken !== undefined && { 'sanwang-read-token': readToken }),
    },
    ...(body !== undefined && { body: JSON.stringify(body) }),
    signal: AbortSignal.timeout(TIMEOUT_MS),
  });
  return { status: answer.status, text: await answer.text() };
};

const causeOf = (error: unknown): string => {
  const { cause, message } = error as Error & { cause?: { code?: string } };
  return cause?.code ?? message;
};

/**
 * Sends a request until it is answered with success; every answer that is none is counted as a failure. Throws on a refusal that a
 * repeat cannot change, and after ten minutes.
 */
export const persist = async (target: string, request: Request, tally: Tally): Promise<Record<string, unknown>> => {
  const begun = performance.now();
  for (let wait = 100; ; wait = Math.min(wait * 2, 2_000)) {
    tally.requests++;
    let seen: string;
    try {
      const { status, text } = await once(target, request);
      if (status === 200) {
        tally.slowestMs = Math.max(tally.slowestMs, performance.now() - begun);
        return JSON.parse(text) as Record<string, unknown>;
      }
      if (isFinal(status)) throw new Error(`${request.method} ${request.path}: ${status} ${text}`);
      const { reason = '' } = JSON.parse(text.startsWith('{') ? text : '{}') as { reason?: string };
      seen = `${request.method} ${status} ${reason}`.trim();
    } catch (error) {
      if (error instanceof Error && error.message.startsWith(`${request.method} `)) throw error;
      seen = `${request.method} ${causeOf(error)}`;
    }
    tally.failures.set(seen, (tally.failures.get(seen) ?? 0) + 1);
    tally.firstFailureAt ??= new Date().toISOString();
    if (performance.now() - begun > 600_000) throw new Error(`not answered in ten minutes: ${seen}`);
    await pause(wait);
  }
};
