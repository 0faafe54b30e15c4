import { randomBytes } from 'node:crypto';
import type { MongoClient } from 'mongodb';
import { servers } from '@sanwang/testing/servers';
import { databaseOf, type Database } from './database.ts';

/** A database of its own on the server under test, dropped by `drop`. */
export const testDatabase = async (): Promise<{
  readonly uri: string;
  connect(): Database & { readonly client: MongoClient };
  drop(): Promise<void>;
}> => {
  const address = new URL((await servers()).mongodb);
  address.pathname = `/sanwang-test-${randomBytes(5).toString('hex')}`;
  const uri = address.href;
  const clients: MongoClient[] = [];
  return {
    uri,
    connect() {
      const database = databaseOf(uri);
      clients.push(database.client);
      return database;
    },
    async drop() {
      const { client, db } = databaseOf(uri);
      await db.dropDatabase();
      for (const one of [...clients, client]) await one.close();
    },
  };
};
