import { openPersonal, type Keys, type PublishedEvent } from '@sanwang/event-store';
import { isRetriable, NewerEvent } from '@sanwang/kernel';
import { plainEvent, qualifiedType } from './event.ts';
import { eraseSubjects, sealedFields } from './personal.ts';

/** An event that could not be taken in, and why. */
export interface Failure {
  readonly event: PublishedEvent;
  readonly error: unknown;
}

/** A failure that says nothing about the event: the store is away, or the event is newer than this release. */
export const passes = (error: unknown): boolean => error instanceof NewerEvent || isRetriable(error);

/** The data of events, which is decoded on first use only; what cannot be decoded comes back as a failure. */
export const readData = (
  events: readonly PublishedEvent[],
): { readonly read: readonly { readonly event: PublishedEvent; readonly data: unknown }[]; readonly failures: Failure[] } => {
  const read: { readonly event: PublishedEvent; readonly data: unknown }[] = [];
  const failures: Failure[] = [];
  for (const event of events) {
    try {
      read.push({ event, data: event.data });
    } catch (error) {
      if (passes(error)) throw error;
      failures.push({ event, error });
    }
  }
  return { read, failures };
};

/**
 * Opens the personal fields of a batch, the keys looked up once. Values of the subjects that `gone` answers are erased, also
 * where the key still is. What cannot be opened for a reason of its own comes back as a failure.
 */
export const openEvents = async (
  keys: Pick<Keys, 'find'>,
  events: readonly PublishedEvent[],
  gone: (subjects: readonly string[]) => Promise<ReadonlySet<string>>,
): Promise<{ readonly opened: ReadonlyMap<PublishedEvent, PublishedEvent>; readonly failures: readonly Failure[] }> => {
  const opened = new Map<PublishedEvent, PublishedEvent>();
  const { read, failures } = readData(events);
  const found = read.map((one) => ({ ...one, ...sealedFields(one.data) })).filter(({ paths }) => paths.length > 0);
  if (found.length === 0) return { opened, failures };

  const erased = await gone([...new Set(found.flatMap(({ subjects }) => [...subjects]))]);
  const items = found.map(({ event, data, paths }) => ({ type: qualifiedType(event), data: eraseSubjects(data, erased), paths }));
  const keep = (event: PublishedEvent, data: unknown): void => void opened.set(event, plainEvent(event, data));
  try {
    const all = await openPersonal(keys, items);
    found.forEach(({ event }, index) => keep(event, all[index]));
  } catch (error) {
    if (passes(error)) throw error;
    for (const [index, { event }] of found.entries()) {
      try {
        keep(event, (await openPersonal(keys, [items[index]!]))[0]);
      } catch (own) {
        if (passes(own)) throw own;
        failures.push({ event, error: own });
      }
    }
  }
  return { opened, failures };
};
