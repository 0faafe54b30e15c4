import { setTimeout as pause } from 'node:timers/promises';
import { Kafka, logLevel } from 'kafkajs';
import { topicOf } from '@sanwang/messaging';
import type { Passage } from '../proxy.ts';
import type { Site } from './site.ts';

/** Something that goes wrong in a cluster, and ends again. */
export interface Mishap {
  readonly name: string;
  /** Resolves when what was broken has been mended. */
  happen(site: Site, random: () => number): Promise<void>;
}

const between = (random: () => number, least: number, most: number): number => Math.round(least + random() * (most - least));
const one = <T>(items: readonly T[], random: () => number): T => items[Math.floor(random() * items.length)]!;

const processKilled: Mishap = {
  name: 'kill -9 of a service',
  async happen({ cluster }, random) {
    one(cluster.processes, random).kill('SIGKILL');
    await pause(between(random, 500, 4_000));
  },
};
const processesKilled: Mishap = {
  name: 'kill -9 of every process of a service',
  async happen({ cluster }, random) {
    const { context } = one(cluster.processes, random);
    for (const process of cluster.processes) if (process.context === context) process.kill('SIGKILL');
    await pause(between(random, 500, 4_000));
  },
};
const processStopped: Mishap = {
  // Its leases run out while it stands still; when it goes on, another holds them.
  name: 'a process stands still and goes on (SIGSTOP)',
  async happen({ cluster }, random) {
    const process = one(
      cluster.processes.filter(({ context }) => context !== 'gateway'),
      random,
    );
    process.kill('SIGSTOP');
    await pause(between(random, 2_000, 20_000));
    process.kill('SIGCONT');
  },
};
const serverKilled = (name: keyof Site['servers'], awayMs: readonly [number, number]): Mishap => ({
  name: `kill -9 of ${name}`,
  async happen({ servers }, random) {
    const server = servers[name];
    await server.kill(Math.floor(random() * server.addresses.length));
    await pause(between(random, ...awayMs));
    await server.start();
  },
});
const network = (name: keyof Site['proxies'], passage: Passage, lastsMs: readonly [number, number]): Mishap => ({
  name: `${name}: the network is ${passage.kind}`,
  async happen({ proxies }, random) {
    const proxy = proxies[name];
    if (!proxy) return;
    proxy.set(passage);
    await pause(between(random, ...lastsMs));
    proxy.set({ kind: 'open' });
  },
});
const connectionsBroken = (name: keyof Site['proxies']): Mishap => ({
  name: `${name}: connections break, again and again`,
  async happen({ proxies }, random) {
    const proxy = proxies[name];
    for (let times = 0; proxy && times < 5; times++) {
      proxy.set({ kind: 'cut' });
      await pause(20);
      proxy.set({ kind: 'open' });
      await pause(between(random, 50, 1_000));
    }
  },
});
const topicRemade: Mishap = {
  name: 'a topic is deleted',
  async happen({ direct }, random) {
    const kafka = new Kafka({ brokers: direct.kafka.replace('kafka://', '').split(','), logLevel: logLevel.NOTHING });
    const admin = kafka.admin();
    await admin.connect();
    try {
      await admin.deleteTopics({ topics: [topicOf(one(['directory', 'registration', 'patrol'], random))], timeout: 20_000 });
    } finally {
      await admin.disconnect();
    }
    await pause(3_000);
  },
};

/** What may happen, each as likely as the other. `awaySeconds`: how long the broker stays away at most. */
export const mishaps = (awaySeconds: number): readonly Mishap[] => [
  processKilled,
  processKilled,
  processesKilled,
  processStopped,
  serverKilled('kafka', [0, 3_000]),
  serverKilled('mongodb', [0, 5_000]),
  serverKilled('kurrentdb', [0, 5_000]),
  network('kafka', { kind: 'cut' }, [500, awaySeconds * 1_000]),
  network('kafka', { kind: 'stalled' }, [500, 8_000]),
  network('kafka', { kind: 'half-open' }, [500, 5_000]),
  network('kafka', { kind: 'slow', ms: 150 }, [1_000, 5_000]),
  network('mongodb', { kind: 'cut' }, [500, 8_000]),
  network('mongodb', { kind: 'stalled' }, [500, 8_000]),
  network('mongodb', { kind: 'half-open' }, [500, 5_000]),
  network('mongodb', { kind: 'slow', ms: 60 }, [1_000, 5_000]),
  network('kurrentdb', { kind: 'cut' }, [500, 8_000]),
  network('kurrentdb', { kind: 'stalled' }, [500, 8_000]),
  network('kurrentdb', { kind: 'half-open' }, [500, 5_000]),
  connectionsBroken('kafka'),
  connectionsBroken('mongodb'),
  connectionsBroken('kurrentdb'),
  topicRemade,
];
