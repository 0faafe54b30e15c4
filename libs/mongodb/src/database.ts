import { invalid, type Instant } from '@sanwang/kernel';
import { MongoClient, type Db } from 'mongodb';
import { guardedAt, withoutSecrets, type Guarded } from './rejecting.ts';

/** A database and what every call to it has in common. */
export interface Database {
  readonly db: Db;
  readonly guarded: Guarded;
  /** Host and database, without user and password. */
  readonly where: string;
}

/** Waits for a server, for an answer on the wire, and for what the server may work on one request, ms. */
const SELECT_MS = 5_000;
const SOCKET_MS = 60_000;
export const MAX_TIME_MS = 20_000;

const DEFAULT_DATABASE = 'sanwang';

/** The database of a connection string (its path; `sanwang` when it has none), not connected yet. Throws `invalid-argument/mongodb-uri`. */
export const databaseOf = (uri: string): Database & { readonly client: MongoClient } => {
  let client: MongoClient;
  try {
    client = new MongoClient(uri, {
      appName: 'sanwang',
      serverSelectionTimeoutMS: SELECT_MS,
      connectTimeoutMS: SELECT_MS,
      waitQueueTimeoutMS: SELECT_MS,
      socketTimeoutMS: SOCKET_MS,
      ignoreUndefined: true,
      writeConcern: { w: 'majority', journal: true, wtimeoutMS: MAX_TIME_MS },
      readConcern: { level: 'local' },
      readPreference: 'primary',
    });
  } catch (cause) {
    const said = cause instanceof Error ? ` (${withoutSecrets(cause.message)})` : '';
    throw invalid('mongodb-uri', 'uri', `a connection string mongodb://[user:password@]host[:port][/database][?options]${said}`);
  }
  const { hosts, srvHost, dbName, credentials } = client.options;
  const named = /^mongodb(?:\+srv)?:\/\/[^/?]+\/[^?]/.test(uri);
  const database = named ? dbName : DEFAULT_DATABASE;
  const where = `${srvHost ?? hosts.join(',')}/${database}${credentials?.username ? ` (user ${credentials.username})` : ''}`;
  return { client, db: client.db(database), guarded: guardedAt(where), where };
};

/** The server's wall clock. */
export const serverClock = async ({ db, guarded }: Database): Promise<Instant> =>
  guarded(async () => {
    const answer = await db.admin().command({ hello: 1 });
    return (answer['localTime'] as Date).toISOString();
  });
