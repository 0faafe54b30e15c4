import { cpSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import type { EventReader } from '@sanwang/event-store';
import { layout } from '@sanwang/platform';
import { seeded } from '@sanwang/messaging/chaos';
import { openEventLogReader } from '@sanwang/sqlite';
import { clientsOf, foundCity } from './city.ts';
import { contactOf, fateOf, inParallel, live, mayPass, told, type Answer, type Command, type Say } from './lives.ts';
import { hostPlatform, removeFolder, spawnPlatform, startProcess, temporaryFolder, type ProcessPlatform } from './platform.ts';
import { sightings } from './sightings.ts';
import { logFaults, type Acknowledged } from './kept.ts';
import { faultsFound } from './verified.ts';

export interface CrashOptions {
  /** A folder with a founded city, from `foundedFolder`; it is copied. */
  readonly from: string;
  readonly seed: number;
  readonly lives?: number;
  readonly kills?: number;
}
export interface CrashReport {
  readonly seed: number;
  readonly kills: number;
  readonly commands: number;
  /** Commands that had to be sent again, because their answer was lost or the platform was away. */
  readonly resent: number;
  /** Empty when every promise was kept. */
  readonly faults: readonly string[];
}

/** A data folder with the made-up city and nothing else, at rest. */
export const foundedFolder = async (): Promise<string> => {
  const platform = await hostPlatform();
  await foundCity(platform);
  await platform.settled();
  await platform.host.drain();
  return platform.folder;
};

/** Gives up on a command after this long: the platform is then not away but stuck. */
const SAYING_MS = 60_000;
const WIDTH = 8;

/**
 * Runs a load on a platform in a process of its own and kills it (SIGKILL) at moments that follow from the seed, also while it
 * starts; what was not acknowledged is sent again with the same key. Then looks for promises that were not kept.
 */
export const crashSchedule = async ({ from, seed, lives = 10, kills = 3 }: CrashOptions): Promise<CrashReport> => {
  const random = seeded(seed);
  const folder = temporaryFolder();
  cpSync(from, folder, { recursive: true });
  const before = await withLog(folder, (log) => log.head(''));
  const fates = Array.from({ length: lives }, (_, n) => fateOf(`s${seed}-${n}`, random));
  const killAfter = Array.from({ length: kills }, () => ({
    acknowledged: Math.floor(random() * lives * 5),
    delay: random() * 12,
    duringStart: random() < 0.3 ? 30 + random() * 700 : undefined,
  })).sort((a, b) => a.acknowledged - b.acknowledged);
  const acknowledged: Acknowledged[] = [];
  const faults: string[] = [];
  let resent = 0;
  let killed = 0;
  let running: Promise<ProcessPlatform> = startProcess(folder);

  const crash = async (platform: ProcessPlatform, { delay, duringStart }: (typeof killAfter)[number]): Promise<ProcessPlatform> => {
    await pause(delay);
    await platform.end('SIGKILL');
    killed++;
    if (duringStart !== undefined) {
      const { child, ended } = spawnPlatform(folder);
      await pause(duringStart);
      child.kill('SIGKILL');
      await ended;
      killed++;
    }
    return startProcess(folder);
  };
  const say: Say = async (command) => {
    const end = Date.now() + SAYING_MS;
    for (let attempt = 0; ; attempt++) {
      try {
        const answer = await sendOnce(await running, command);
        acknowledged.push({ command, answer });
        while (killAfter[0] && acknowledged.length >= killAfter[0].acknowledged) {
          const next = killAfter.shift()!;
          running = running.then((platform) => crash(platform, next));
        }
        return answer;
      } catch (error) {
        if (!mayPass(error) || Date.now() > end) throw new Error(`${command.key}: ${told(error)}`, { cause: error });
        resent++;
        await pause(10);
      }
    }
  };

  try {
    await inParallel(fates, WIDTH, (fate) => live(fate, say));
    const platform = await running;
    for (const { command, answer } of acknowledged.filter(() => random() < 0.3)) {
      const again = await sendOnce(platform, command).catch((error: unknown) => told(error));
      if (typeof again === 'string') faults.push(`${command.key}: acknowledged, and refused when sent again: ${again}`);
      else if (again.id !== answer.id || again.revision !== answer.revision)
        faults.push(`${command.key}: answered ${answer.id}@${answer.revision}, and ${again.id}@${again.revision} when sent again`);
    }
    faults.push(...(await faultsFound(platform)));
    const { code } = await platform.end('SIGTERM');
    if (code !== 0) faults.push(`the stop ended with ${code}:\n${platform.output().slice(-2_000)}`);
    faults.push(...(await withLog(folder, (log) => logFaults(log, before, acknowledged))));
    const erased = fates.filter((fate) => fate.erased).map(({ name }) => contactOf(name));
    faults.push(...sightings(folder, erased).map((place) => `erased, and still there: ${place}`));
  } catch (error) {
    const platform = await running.catch(() => undefined);
    const ended = await platform?.end('SIGKILL');
    faults.push(told(error), `the platform had ended with ${ended?.code}: ${platform?.output().slice(-2_000)}`);
  } finally {
    if (faults.length === 0) removeFolder(folder);
    else faults.push(`the data folder is kept: ${folder}`);
  }
  return { seed, kills: killed, commands: acknowledged.length, resent, faults };
};

const sendOnce = (platform: ProcessPlatform, { key, subject, readTokens, send }: Command): Promise<Answer> =>
  send(clientsOf(platform, subject), { idempotencyKey: key, readTokens, timeoutMs: 5_000 });

const withLog = async <T>(folder: string, read: (log: EventReader) => Promise<T>): Promise<T> => {
  const log = openEventLogReader(layout(folder).log);
  try {
    return await read(log);
  } finally {
    await log.close();
  }
};
