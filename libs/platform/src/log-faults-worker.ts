import { parentPort, workerData } from 'node:worker_threads';
import { openEventLogReader } from '@sanwang/sqlite';

const log = openEventLogReader(workerData as string);
try {
  parentPort!.postMessage(log.faults());
} finally {
  await log.close();
}
