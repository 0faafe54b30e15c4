import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { clientsOf, foundCity, people } from './city.ts';
import { inParallel, live, sayTo, type Fate } from './lives.ts';
import { hostPlatform, removeFolder, startProcess, temporaryFolder, type Platform } from './platform.ts';
import { sightings } from './sightings.ts';
import { faultsFound } from './verified.ts';

const folders: string[] = [];
const stops: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const stop of stops.splice(0)) await stop();
  folders.splice(0).forEach(removeFolder);
});

/** Words that occur nowhere but in a personal field, in Latin and in Chinese, long enough to be found in any encoding of text. */
const canaries = {
  officerName: '卡娜丽雀ZQXJNAME',
  officerPhone: '98765ZQXJ43210',
  contact: '联络雀ZQXJCONTACT',
  legal: '法人雀ZQXJLEGAL',
};
const words = Object.values(canaries);

const business = 'local.wg.canary';
const fate: Fate = { name: 'canary', district: 'north', end: 'corrected', contact: canaries.contact, legalRepresentative: canaries.legal };
const personal = (id: string) =>
  id === people.north[0] ? { name: canaries.officerName, phone: canaries.officerPhone } : { name: `Officer ${id}`, phone: '1' };

const others = Array.from({ length: 6 }, (_, n): Fate => ({ name: `o${n}`, district: 'south', end: 'order' }));
/** Gives the subjects to erase: the officer, the contact before and after the correction, the legal representative. */
const loadAndRead = async (platform: Platform): Promise<readonly string[]> => {
  await live(fate, sayTo(platform));
  await inParallel(others, 4, (each) => live(each, sayTo(platform)));
  const registrar = clientsOf(platform, people.registrar).businesses;
  const before = await registrar.getBusiness({ id: business });
  // Old values too: a correction leaves the one before behind it in the log.
  const { readToken } = await registrar.correctBusiness({ id: business, contact: `${canaries.contact} 2` });
  const found = await registrar.getBusiness({ id: business }, { readTokens: [readToken] });
  expect(found.contact).toMatchObject({ value: `${canaries.contact} 2` });
  const persons = [found.contact, before.contact, found.legalRepresentative].map((person) => person!.subject);
  expect(new Set(persons).size).toBe(3);
  return [`officer.${people.north[0]}`, ...persons];
};
const erase = async (platform: Platform, subjects: readonly string[]): Promise<void> => {
  const { erasure } = clientsOf(platform, people.operator);
  for (const id of subjects) await erasure.eraseSubject({ id, reason: 'asked for' });
};

test('before an erasure personal values are in the files of read models only: not in log, bus, keys or attachments', async () => {
  const platform = await hostPlatform();
  folders.push(platform.folder);
  stops.push(() => platform.host.drain());
  await foundCity(platform, { personal });
  await loadAndRead(platform);
  await platform.settled();
  const seen = sightings(platform.folder, words);
  expect(new Set(seen.map((place) => place.split(': ')[1]))).toEqual(new Set(words));
  expect(seen.filter((place) => !place.startsWith(join('models', '/')))).toEqual([]);
});

test('after an erasure no byte of a personal value is in any file, with the platform running, and models equal their rebuild', async () => {
  const platform = await hostPlatform();
  folders.push(platform.folder);
  stops.push(() => platform.host.drain());
  await foundCity(platform, { personal });
  const subjects = await loadAndRead(platform);
  await platform.settled();
  await erase(platform, subjects);
  await platform.settled();
  expect(sightings(platform.folder, words)).toEqual([]);
  expect(await faultsFound(platform)).toEqual([]);
  expect(sightings(platform.folder, words)).toEqual([]);

  const registrar = clientsOf(platform, people.registrar).businesses;
  expect((await registrar.getBusiness({ id: business })).contact).toEqual({ subject: subjects[1], erased: true });
  const officer = await clientsOf(platform, people.auditor).officers.getOfficer({ id: people.north[0] });
  expect(officer.name).toEqual({ subject: subjects[0], erased: true });
  expect((await clientsOf(platform, people.auditor).officers.listOfficers({ q: canaries.officerName })).items).toEqual([]);
  // Who comes after is a person of its own.
  const { readToken } = await registrar.correctBusiness({ id: business, contact: 'Ben' });
  expect((await registrar.getBusiness({ id: business }, { readTokens: [readToken] })).contact).toMatchObject({ value: 'Ben' });
  expect(sightings(platform.folder, words)).toEqual([]);
});

test(
  'the process writes no personal value to its output at the most talkative level, and leaves none in a file after a kill',
  { timeout: 30_000 },
  async () => {
    const folder = temporaryFolder();
    folders.push(folder);
    const platform = await startProcess(folder);
    stops.push(() => platform.end('SIGKILL'));
    await foundCity(platform, { personal });
    const subjects = await loadAndRead(platform);
    // Bad input that carries personal values: refused, and quoted nowhere.
    const registrar = clientsOf(platform, people.registrar).businesses;
    const wrong = {
      number: { kind: 'local', value: 'x', authority: 'wg' },
      name: 'x',
      businessType: 'NOT A SLUG',
      address: 'x',
      area: '990101',
    };
    await expect(registrar.registerBusiness({ ...wrong, licences: [], contact: canaries.contact })).rejects.toMatchObject({
      code: 'invalid-argument',
    });
    await erase(platform, subjects);
    // Every model has taken the erasure in once a read that carries its token has been answered; a verification waits for all of them.
    expect(await faultsFound(platform)).toEqual([]);
    await platform.end('SIGKILL');
    expect(words.filter((word) => platform.output().includes(word))).toEqual([]);
    expect(sightings(folder, words)).toEqual([]);

    const again = await startProcess(folder);
    stops.push(() => again.end('SIGKILL'));
    expect(await faultsFound(again)).toEqual([]);
    await again.end('SIGTERM');
    expect(sightings(folder, words)).toEqual([]);
    expect(readFileSync(join(folder, 'keys.db')).length).toBeGreaterThan(0);
  },
);
