import { afterAll, beforeAll, expect, test } from 'vitest';
import { clientsOf, foundCity, people } from './city.ts';
import { hostPlatform, removeFolder, type HostedPlatform } from './platform.ts';
import { faultsFound } from './verified.ts';

let platform: HostedPlatform;
beforeAll(async () => {
  platform = await hostPlatform();
  await foundCity(platform);
});
afterAll(async () => {
  await platform.host.drain();
  removeFolder(platform.folder);
});

const PLENTY = 1_000_000;

test('a full disk refuses commands with a clear error; reading goes on; commands go on once there is room, by themselves', async () => {
  const { store } = platform.host.ports;
  const { businesses } = clientsOf(platform, people.registrar);
  const register = (n: number) =>
    businesses.registerBusiness(
      {
        number: { kind: 'local', value: `d${n}`, authority: 'wg' },
        name: `d${n} ${'食'.repeat(150)}`,
        businessType: 'shop',
        address: 'x',
        area: '990101',
        licences: [],
      },
      { idempotencyKey: `disk-${n}` },
    );

  // SQLite takes a limit below the present size as the present size: the file cannot grow any more.
  store.limitPages(1);
  let accepted = 0;
  let refusal: unknown;
  while (refusal === undefined && accepted < 1_000) {
    await register(accepted).then(
      () => accepted++,
      (error: unknown) => (refusal = error),
    );
  }
  expect(refusal).toMatchObject({ code: 'resource-exhausted', reason: 'storage-full' });
  const burst = await Promise.allSettled(Array.from({ length: 20 }, (_, n) => register(accepted + n)));
  for (const attempt of burst) {
    if (attempt.status === 'rejected') expect(attempt.reason).toMatchObject({ code: 'resource-exhausted', reason: 'storage-full' });
  }

  const page = await businesses.listBusinesses({ pageSize: 5 });
  expect(page.items.length).toBe(Math.min(5, accepted));
  expect(await clientsOf(platform, people.auditor).units.getUnit({ code: 'wg' })).toMatchObject({ code: 'wg' });

  store.limitPages(PLENTY);
  for (let n = 0; n < accepted + 20; n++) expect(await register(n)).toMatchObject({ revision: 0 });
  await platform.settled();
  expect(platform.host.readiness().ready).toBe(true);
  expect(await faultsFound(platform)).toEqual([]);
});
