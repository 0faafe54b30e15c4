import type { Ports } from './ports.ts';

/** Erasures whose event was appended and whose key a crash left standing: finished before anything is read. */
export const finishErasures = async ({ store, keys }: Pick<Ports, 'store' | 'keys'>): Promise<void> => {
  const destroyed = new Set(await keys.destroyed());
  for await (const page of store.readAll({ prefix: 'directory.', after: -1 })) {
    for (const { type, data } of page.events) {
      if (type !== 'SubjectErased') continue;
      const { subject } = JSON.parse(data) as { subject: string };
      if (!destroyed.has(subject)) await keys.destroy(subject);
    }
  }
};
