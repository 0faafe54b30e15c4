import { afterEach, beforeEach, expect, test } from 'vitest';
import { foundCity } from './city.ts';
import { hostPlatform, removeFolder, type HostedPlatform } from './platform.ts';
import { topicFaults } from './topics.ts';

let platform: HostedPlatform;
beforeEach(async () => {
  platform = await hostPlatform();
  await foundCity(platform);
  await platform.settled();
});
afterEach(async () => {
  await platform.host.drain();
  removeFolder(platform.folder);
});

test('a topic that holds the log in order has no fault; one that lacks what the log holds has', async () => {
  const { store, bus } = platform.host.ports;
  expect(await topicFaults(store, bus, ['directory', 'patrol', 'registration'])).toEqual([]);
  const short = { ...bus, endOffsets: async (topic: string) => (await bus.endOffsets(topic)).map((end) => Math.max(0, end - 1)) };
  const cut = {
    ...short,
    consume: (options: Parameters<typeof bus.consume>[0]) => bus.consume({ ...options, handle: drop(options.handle) }),
  };
  expect(await topicFaults(store, cut, ['directory'])).toEqual([expect.stringMatching(/^sanwang\.directory\.v1 lacks \d+ events/)]);
});

/** Leaves out every message of the first stream that it sees. */
const drop = (handle: Parameters<HostedPlatform['host']['ports']['bus']['consume']>[0]['handle']): typeof handle => {
  let first: string | undefined;
  return (messages) => {
    first ??= messages[0]?.key;
    return handle(messages.map((message) => (message.key === first ? { ...message, headers: {} } : message)));
  };
};
