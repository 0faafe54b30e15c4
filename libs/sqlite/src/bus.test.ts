import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { busConformance, type BusFixture } from '@sanwang/messaging/conformance';
import { openBus } from './bus.ts';

const inFolder = async (): Promise<BusFixture> => {
  const folder = await mkdtemp(join(tmpdir(), 'sanwang-bus-'));
  const path = join(folder, 'bus.sqlite');
  let bus = openBus(path);
  return {
    bus,
    async reopen() {
      await bus.close();
      bus = openBus(path);
      return bus;
    },
    dropTopic: (topic) => bus.dropTopic(topic),
    async close() {
      await bus.close();
      await rm(folder, { recursive: true });
    },
  };
};

busConformance('sqlite', inFolder);
