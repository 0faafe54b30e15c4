import { setTimeout as pause } from 'node:timers/promises';
import { seeded } from '@sanwang/messaging/chaos';
import { openKafka } from '@sanwang/kafka';
import { openKurrentDb } from '@sanwang/kurrentdb';
import { leasesDouble } from '@sanwang/messaging/doubles';
import { clientsOf, foundCity, people } from '../city.ts';
import { logFaults, type Acknowledged } from '../kept.ts';
import { fateOf, inParallel, live, mayPass, told, type Answer, type Command, type Say } from '../lives.ts';
import { topicFaults } from '../topics.ts';
import { faultsFound } from '../verified.ts';
import { mishaps } from './mishaps.ts';
import { startSite, type Site } from './site.ts';

export interface ClusterScheduleOptions {
  readonly folder: string;
  readonly seed: number;
  /** How long things go wrong under load. */
  readonly seconds: number;
  readonly brokers: 1 | 3;
  /** How long the broker stays away at most. */
  readonly awaySeconds: number;
  say(line: string): void;
}
export interface ClusterReport {
  readonly commands: number;
  readonly resent: number;
  /** How often each mishap happened. */
  readonly happened: ReadonlyMap<string, number>;
  /** Empty when every promise was kept. */
  readonly faults: readonly string[];
}

const WIDTH = 6;
/** A cluster from which all mishaps are gone has so long (ms) to answer a command, to be ready and to settle. */
const PATIENCE_MS = 180_000;

const sendOnce = (site: Site, { key, subject, readTokens, send }: Command): Promise<Answer> =>
  send(clientsOf(site, subject), { idempotencyKey: key, readTokens, timeoutMs: 10_000 });

/** Sends it again until it is answered; what may pass may do so ten times. */
const sendAgain = async (site: Site, command: Command): Promise<Answer> => {
  for (let tries = 1; ; tries++) {
    try {
      return await sendOnce(site, command);
    } catch (error) {
      if (!mayPass(error) || tries === 10) throw error;
      await pause(1_000);
    }
  }
};

/** Waits until every model has taken in what there is; answers what still moves after so long. */
const unsettled = async (site: Site): Promise<readonly string[]> => {
  const { operations } = clientsOf(site, people.operator);
  const end = Date.now() + PATIENCE_MS;
  let moving: readonly string[] = ['no status was had'];
  for (let calm = 0; calm < 2; await pause(500)) {
    if (Date.now() > end) return moving;
    try {
      const { models, parts } = await operations.getStatus({});
      moving = [
        ...models
          .filter(({ lag, state }) => lag > 0 || state !== 'running')
          .map(({ name, lag, state }) => `${name} is ${state}, ${lag} behind`),
        ...parts
          .filter(({ state }) => !['running', 'waiting', 'held'].includes(state))
          .map(({ name, state, message }) => `${name} is ${state}: ${message}`),
      ];
    } catch (error) {
      moving = [told(error)];
    }
    calm = moving.length === 0 ? calm + 1 : 0;
  }
  return [];
};

/**
 * Runs a load on a cluster of processes while, by the seed, one thing after the other goes wrong; then looks for promises that
 * were not kept: in the log, on the topics, in the models, and in what a command that is sent again is answered.
 */
export const clusterSchedule = async (options: ClusterScheduleOptions): Promise<ClusterReport> => {
  const { folder, seed, seconds, brokers, awaySeconds, say: print } = options;
  const random = seeded(seed);
  const acknowledged: Acknowledged[] = [];
  const happened = new Map<string, number>();
  const faults: string[] = [];
  let resent = 0;
  const site = await startSite({ folder, brokers, replicas: { patrol: 2, registration: 2 } });
  try {
    await foundCity(site);
    const store = openKurrentDb(site.direct.kurrentdb);
    const bus = openKafka(site.direct.kafka, { leases: leasesDouble().connect().leases });
    try {
      const before = await store.head('');
      const end = Date.now() + seconds * 1_000;
      let mended = false;
      const say: Say = async (command) => {
        for (let since = Date.now(); ;) {
          try {
            const answer = await sendOnce(site, command);
            acknowledged.push({ command, answer });
            return answer;
          } catch (error) {
            if (!mayPass(error)) throw new Error(`${command.key}: ${told(error)}`, { cause: error });
            if (!mended) since = Date.now();
            else if (Date.now() - since > PATIENCE_MS) throw new Error(`${command.key} is not answered: ${told(error)}`, { cause: error });
            resent++;
            await pause(100);
          }
        }
      };
      let births = 0;
      const work = async (): Promise<void> => {
        while (Date.now() < end) await live(fateOf(`s${seed}-${births++}`, random), say);
      };
      const goWrong = async (): Promise<void> => {
        const possible = mishaps(awaySeconds);
        await pause(2_000);
        while (Date.now() < end) {
          const mishap = possible[Math.floor(random() * possible.length)]!;
          const at = new Date().toISOString().slice(11, 19);
          print(`  ${at} ${mishap.name} (${acknowledged.length} commands, ${resent} sent again)`);
          await mishap.happen(site, random);
          happened.set(mishap.name, (happened.get(mishap.name) ?? 0) + 1);
          await pause(random() * 5_000);
        }
        mended = true;
      };
      const ends = await Promise.allSettled([goWrong(), ...Array.from({ length: WIDTH }, work)]);
      for (const one of ends) if (one.status === 'rejected') faults.push(told(one.reason));
      await site.cluster.ready(PATIENCE_MS).catch((error: unknown) => faults.push(told(error)));
      faults.push(...(await unsettled(site)));
      print(`  ${acknowledged.length} commands were acknowledged, ${resent} times one was sent again; now looking for faults`);

      await inParallel(
        acknowledged.filter((_, n) => n % 4 === seed % 4),
        WIDTH,
        async ({ command, answer }) => {
          const again = await sendAgain(site, command).catch((error: unknown) => told(error));
          if (typeof again === 'string') faults.push(`${command.key}: acknowledged, and refused when sent again: ${again}`);
          else if (again.id !== answer.id || again.revision !== answer.revision)
            faults.push(`${command.key}: answered ${answer.id}@${answer.revision}, and ${again.id}@${again.revision} when sent again`);
        },
      );
      faults.push(...(await logFaults(store, before, acknowledged)));
      faults.push(...(await topicFaults(store, bus, ['directory', 'registration', 'patrol'])));
      faults.push(...(await faultsFound(site)));
    } finally {
      await bus.close();
      await store.close();
    }
  } catch (error) {
    faults.push(told(error));
  } finally {
    if (faults.length > 0) print(site.lastLines());
    await site.stop();
  }
  return { commands: acknowledged.length, resent, happened, faults };
};
