import type { LogCheckpoint, SignedCheckpoints } from '@sanwang/event-store';
import { Rejection } from '@sanwang/kernel';
import { openDatabase } from './database.ts';
import { rejecting } from './rejecting.ts';

const SCHEMA = `
  CREATE TABLE IF NOT EXISTS checkpoints (
    context TEXT NOT NULL, events INTEGER NOT NULL, signature TEXT NOT NULL, checkpoint TEXT NOT NULL, PRIMARY KEY (context, events)
  ) STRICT, WITHOUT ROWID;
`;

/** Opens (or makes) the file of signed checkpoints, as its only writer. */
export const openCheckpoints = (path: string): SignedCheckpoints => {
  const guarded = <T>(work: () => T): T => rejecting('checkpoint-store', work);
  const database = guarded(() => openDatabase(path, { durability: 'full', schema: SCHEMA }));
  const rows = (sql: string, ...params: readonly (string | number)[]) => guarded(() => database.prepare(sql).all(...params));
  const parsed = (found: ReturnType<typeof rows>): LogCheckpoint[] =>
    found.map((row) => JSON.parse(row['checkpoint'] as string) as LogCheckpoint);
  return {
    async append(checkpoint) {
      const { context, events, signature, previous } = checkpoint;
      guarded(() =>
        database.transaction(() => {
          const last = database.prepare('SELECT signature FROM checkpoints WHERE context = ? ORDER BY events DESC LIMIT 1').get(context);
          if ((last?.['signature'] ?? '') !== previous) {
            throw new Rejection('conflict', 'checkpoint-moved', `Another process has signed a checkpoint of ${context}.`);
          }
          database
            .prepare('INSERT INTO checkpoints (context, events, signature, checkpoint) VALUES (?, ?, ?, ?)')
            .run(context, events, signature, JSON.stringify(checkpoint));
        }),
      );
    },
    last: async (context) => parsed(rows('SELECT checkpoint FROM checkpoints WHERE context = ? ORDER BY events DESC LIMIT 1', context))[0],
    read: async (context, { events, limit }) =>
      parsed(rows('SELECT checkpoint FROM checkpoints WHERE context = ? AND events > ? ORDER BY events LIMIT +?', context, events, limit)),
    contexts: async () => rows('SELECT DISTINCT context FROM checkpoints ORDER BY context').map((row) => row['context'] as string),
    close: async () => database.close(),
  };
};
