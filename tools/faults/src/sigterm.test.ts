import { Rejection } from '@sanwang/kernel';
import { layout } from '@sanwang/platform';
import { openEventLogReader } from '@sanwang/sqlite';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { clientsOf, people } from './city.ts';
import { foundedFolder } from './crash.ts';
import { removeFolder, startProcess } from './platform.ts';

let folder = '';
beforeAll(async () => void (folder = await foundedFolder()));
afterAll(() => removeFolder(folder));

const body = (value: string) => ({
  number: { kind: 'local', value, authority: 'wg' },
  name: value,
  businessType: 'shop',
  address: 'x',
  area: '990101',
  licences: [],
});

test(
  'SIGTERM under load: what was accepted is answered, nothing answered is lost, the end comes within 10 s with code 0',
  { timeout: 30_000 },
  async () => {
    const platform = await startProcess(folder);
    const { businesses } = clientsOf(platform, people.registrar);
    const token = await platform.token(people.registrar);
    const acknowledged: string[] = [];
    /** Got no answer: then they must not have been accepted either. */
    const unanswered: string[] = [];
    const broken: string[] = [];
    let stopped = false;

    const overGrpc = async (worker: number): Promise<void> => {
      for (let n = 0; !stopped; n++) {
        const value = `g${worker}-${n}`;
        try {
          acknowledged.push((await businesses.registerBusiness(body(value), { timeoutMs: 15_000 })).id);
        } catch (error) {
          if (error instanceof Rejection && error.code === 'unavailable') unanswered.push(value);
          else broken.push(`${value}: ${String(error)}`);
          return;
        }
      }
    };
    const overRest = async (worker: number): Promise<void> => {
      for (let n = 0; !stopped; n++) {
        const value = `r${worker}-${n}`;
        const response = await fetch(`${platform.http}/v1/businesses`, {
          method: 'POST',
          headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
          body: JSON.stringify(body(value)),
        }).catch((error: unknown) => error as Error);
        if (response instanceof Error) {
          unanswered.push(value);
          return;
        }
        if (response.status === 200) acknowledged.push(((await response.json()) as { id: string }).id);
        else broken.push(`${value}: ${response.status} ${await response.text()}`);
      }
    };
    const load = [...Array.from({ length: 12 }, (_, n) => overGrpc(n)), ...Array.from({ length: 12 }, (_, n) => overRest(n))];
    while (acknowledged.length < 300) await new Promise((resolve) => setTimeout(resolve, 5));
    const { code, ms } = await platform.end('SIGTERM');
    stopped = true;
    await Promise.all(load);

    expect({ code, broken }).toEqual({ code: 0, broken: [] });
    expect(ms).toBeLessThan(10_000);
    const log = openEventLogReader(layout(folder).log);
    const lost: string[] = [];
    const accepted: string[] = [];
    for (const id of acknowledged) if ((await log.readStream(`registration.Business-${id}`)).length !== 1) lost.push(id);
    for (const value of unanswered) if ((await log.readStream(`registration.Business-local.wg.${value}`)).length > 0) accepted.push(value);
    await log.close();
    expect({ lost, accepted }).toEqual({ lost: [], accepted: [] });
  },
);
