import { globSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import type { Figure } from '../report.ts';

/** Bytes on disk per event of the log, of a folder that nobody has open. */
export const diskBytes = (folder: string): readonly Figure[] => {
  const sizeOf = (pattern: string): number =>
    globSync(pattern, { cwd: folder }).reduce((sum, path) => sum + statSync(join(folder, path)).size, 0);
  const log = new DatabaseSync(join(folder, 'log.db'), { readOnly: true });
  const row = log.prepare('SELECT count(*) AS events, sum(length(CAST(data AS BLOB)) + length(metadata)) AS bytes FROM events').get() as {
    events: number;
    bytes: number;
  };
  log.close();
  const perEvent = (bytes: number): number => bytes / row.events;
  const parts = { log: sizeOf('log.db*'), bus: sizeOf('bus.db*'), models: sizeOf('models/**/*.sqlite*') };
  return [
    {
      id: 'disk',
      name: 'bytes on disk per event, log, bus and models',
      unit: 'B',
      value: perEvent(parts.log + parts.bus + parts.models),
      floor: perEvent(row.bytes),
      aim: null,
      met: null,
      beside: { 'log (B)': perEvent(parts.log), 'bus (B)': perEvent(parts.bus), 'models (B)': perEvent(parts.models), events: row.events },
    },
  ];
};
