import { test, expect } from 'vitest';
import { hostPlatform, startProcess, temporaryFolder, removeFolder } from './platform.ts';
import { foundCity } from './city.ts';
import { live, sayTo, fateOf, inParallel } from './lives.ts';
import { faultsFound } from './verified.ts';
test('host', async () => {
  const t=performance.now(); const lap=(s:string)=>console.log(s, Math.round(performance.now()-t));
  const p = await hostPlatform(); lap('hosted');
  await foundCity(p); lap('founded');
  await inParallel((['pass','order','corrected','pushed-back','cancelled'] as const).flatMap((end,i)=>[0,1,2,3].map(k=>({name:`b${i}-${k}`,district:k%2?'north':'south',end} as const))), 8, (f)=>live(f,sayTo(p))); lap('lived');
  await p.settled(); lap('settled');
  expect(await faultsFound(p)).toEqual([]); lap('verified');
  await p.host.drain(); lap('drained');
  const q = await startProcess(p.folder); lap('started');
  await live({name:'x1',district:'north',end:'corrected'}, sayTo(q)); lap('lived');
  expect(await faultsFound(q)).toEqual([]); lap('verified');
  console.log(await q.end('SIGTERM'), q.output().slice(0,1500)); lap('end');
  removeFolder(p.folder);
});
