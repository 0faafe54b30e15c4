import { openLocalIssuer, type LocalIssuer } from '@sanwang/identity';
import { uuidv7 } from '@sanwang/kernel';
import { answers, businessOf, nameOf, officersOf, poolRequest } from './city.ts';
import type { Answer, HttpConnection } from './http-client.ts';

export interface Acknowledged {
  readonly id: string;
  readonly readToken: string;
}
/** Sends a task's commands as its officers do. */
export interface Officers {
  post(connection: HttpConnection, n: number, path: string, body: object, who?: 0 | 1): Promise<Acknowledged>;
  get(connection: HttpConnection, n: number, path: string, readToken?: string): Promise<Answer>;
}

/** The commands of a task from the pool to its acceptance. */
export const COMMANDS_TO_ACCEPTED = 4;
export const REQUESTS_PER_LIFECYCLE = 9;

/** Officers with tokens of the folder's own issuer. */
export const openOfficers = async (folder: string): Promise<Officers> => officersWith(await openLocalIssuer(folder));

/** Officers with tokens of this issuer. */
export const officersWith = (issuer: LocalIssuer): Officers => {
  const tokens = new Map<string, Promise<string>>();
  const tokenOf = (subject: string): Promise<string> => {
    const known = tokens.get(subject) ?? issuer.issue({ subject, ttlSeconds: 24 * 3600 });
    tokens.set(subject, known);
    return known;
  };
  const good = ({ status, body }: Answer, path: string): Answer => {
    if (status !== 200) throw new Error(`${path} was answered ${status}: ${body}`);
    return { status, body };
  };
  const run = uuidv7();
  let keys = 0;
  return {
    async post(connection, n, path, body, who = 0) {
      const authorization = `Bearer ${await tokenOf(officersOf(n)[who])}`;
      const headers = { authorization, 'idempotency-key': `${run}-${++keys}` };
      return JSON.parse(good(await connection.request('POST', path, headers, JSON.stringify(body)), path).body) as Acknowledged;
    },
    async get(connection, n, path, readToken) {
      const authorization = `Bearer ${await tokenOf(officersOf(n)[0])}`;
      return good(await connection.request('GET', path, { authorization, ...(readToken && { 'sanwang-read-token': readToken }) }), path);
    },
  };
};

export const pool = (officers: Officers, connection: HttpConnection, n: number, key: string): Promise<Acknowledged> =>
  officers.post(connection, n, '/v1/patrol/tasks', poolRequest(n, key));

/** Pool, dispatch by area, assign two officers, accept: four commands on one stream, each decided on what the one before wrote. */
export const poolToAccepted = async (officers: Officers, connection: HttpConnection, n: number, key: string): Promise<Acknowledged> => {
  const { id } = await pool(officers, connection, n, key);
  await officers.post(connection, n, `/v1/patrol/tasks/${id}:dispatch`, {});
  await officers.post(connection, n, `/v1/patrol/tasks/${id}:assign`, { officers: officersOf(n) });
  return officers.post(connection, n, `/v1/patrol/tasks/${id}:accept`, {});
};

/** The whole of it: eight commands, then the officer finds the task by the name over the door. */
export const lifecycle = async (officers: Officers, connection: HttpConnection, n: number, key: string): Promise<void> => {
  const { id: taskId } = await poolToAccepted(officers, connection, n, key);
  const visit = await officers.post(connection, n, '/v1/patrol/visits', { taskId, officers: officersOf(n) });
  await officers.post(connection, n, `/v1/patrol/visits/${visit.id}:recordItems`, { items: answers });
  await officers.post(connection, n, `/v1/patrol/visits/${visit.id}:complete`, { result: 'pass' });
  const { readToken } = await officers.post(connection, n, `/v1/patrol/tasks/${taskId}:complete`, { visitId: visit.id });
  const found = await officers.get(connection, n, `/v1/patrol/tasks?pageSize=10&q=${encodeURIComponent(nameOf(businessOf(n)))}`, readToken);
  if (!found.body.includes(taskId))
    throw new Error(`the search for ${nameOf(businessOf(n))} does not find ${taskId}: ${found.body.slice(0, 300)}`);
};
