import { forbiddenByState, Rejection } from '@sanwang/kernel';
import { inspectionForm, posts, replayCityFolder, replayOfficers, roundForm, type City, type Plan } from '@sanwang/replay';
import { bootstrapSubject, type Platform } from '../platform.ts';
import { persist, type OfficerClients } from './clients.ts';

export interface Setup {
  readonly platform: Platform;
  readonly clients: (subject: string) => Promise<OfficerClients>;
  readonly city: City;
  readonly plan: Plan;
  readonly seed: string;
  /** Names this replay: file, rows and seed. It stands in the calendars' source, so that a log is never gone on with by another. */
  readonly fingerprint: string;
  readonly signal: AbortSignal;
}

const PARALLEL = 32;

const inParallel = async <Item>(items: readonly Item[], work: (item: Item) => Promise<unknown>): Promise<void> => {
  const queue = items.values();
  await Promise.all(
    Array.from({ length: PARALLEL }, async () => {
      for (const item of queue) await work(item);
    }),
  );
};

/** True when the log already holds this replay; refused when it holds anything else. */
const isResumed = async ({ platform, clients, fingerprint, city, signal }: Setup): Promise<boolean> => {
  const bootstrap = await clients(bootstrapSubject(platform.config));
  const { items } = await persist(() => bootstrap.calendars.listCalendarYears({ pageSize: 1, calendar: city.calendarName }), signal);
  const [first] = items;
  if (!first) return false;
  if (!first.source.endsWith(fingerprint)) {
    throw forbiddenByState(
      'log-of-another-replay',
      `The data folder holds another log (${first.source}). Choose an empty folder: SANWANG_DATA=.sanwang-replay npm run sanwang -- replay …`,
    );
  }
  return true;
};

/**
 * Makes the empty log a simulation, and imports the city as its first subject: units, officers, calendars; then its checklists.
 * Every step has its own key, so doing it again after an interruption changes nothing.
 */
export const setUp = async (setup: Setup): Promise<{ readonly resumed: boolean }> => {
  const { clients, city, plan, platform, seed, fingerprint, signal } = setup;
  const resumed = await isResumed(setup);
  const bootstrap = await clients(bootstrapSubject(platform.config));
  const keyed = (key: string) => ({ idempotencyKey: `setup-${fingerprint}-${key}`, timeoutMs: 60_000 });
  try {
    await persist(() => bootstrap.simulation.begin({ clock: plan.begin }, keyed('begin')), signal);
  } catch (error) {
    if (error instanceof Rejection && error.code === 'failed-precondition') {
      throw forbiddenByState(
        'log-not-empty',
        `${error.message} A replay begins on an empty log: SANWANG_DATA=.sanwang-replay npm run sanwang -- replay …`,
      );
    }
    throw error;
  }
  await inParallel([...city.years], ([year, { calendar, days }]) =>
    persist(
      () =>
        bootstrap.calendars.publishCalendarYear(
          { calendar, year, days: days.map((day) => ({ ...day })), source: `${replayCityFolder.split('/').at(-1)}, replay ${fingerprint}` },
          keyed(`calendar-${year}`),
        ),
      signal,
    ),
  );
  const [cityUnits, others] = [city.units.filter(({ kind }) => kind === 'city'), city.units.filter(({ kind }) => kind !== 'city')];
  for (const wave of [cityUnits, others]) {
    await inParallel(wave, ({ areas, ...unit }) =>
      persist(() => bootstrap.units.registerUnit({ ...unit, areas: [...areas] }, keyed(`unit-${unit.code}`)), signal),
    );
  }
  await inParallel(replayOfficers(seed), ({ duties, ...officer }) =>
    persist(() => bootstrap.officers.registerOfficer({ ...officer, duties: [...duties] }, keyed(`officer-${officer.id}`)), signal),
  );
  const administrator = await clients(posts.directoryAdmin);
  for (const { items, ...form } of [inspectionForm, roundForm]) {
    await persist(
      () => administrator.patrol.publishChecklist({ ...form, items: items.map((item) => ({ ...item })) }, keyed(`checklist-${form.code}`)),
      signal,
    );
  }
  return { resumed };
};
