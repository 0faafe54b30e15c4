import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { PublishedEvent } from '@sanwang/event-store';
import type { ModelDefinition, RebuildOpener } from '@sanwang/read-model';
import { journal, memoryKeys, shops } from '@sanwang/read-model/sample';
import { freezeModel, openModels } from './models.ts';

const PAGE = 1_000;

/** What the rebuild tests' worker opens: a log that is a file of JSON lines, read anew for each pass. */
export const opener: RebuildOpener = async (args) => {
  const { folder } = args as { folder: string };
  const events = async (context: string): Promise<readonly PublishedEvent[]> =>
    (await readFile(join(folder, 'log.jsonl'), 'utf8'))
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as PublishedEvent)
      .filter((event) => event.context === context);
  return {
    definitions: [shops() as unknown as ModelDefinition, journal],
    openStore: () => openModels(join(folder, 'models')),
    freeze: (definition) => freezeModel(join(folder, 'models'), definition),
    keys: memoryKeys(),
    sources: {
      head: async (context) => (await events(context)).at(-1)?.position ?? -1,
      async *read(context, { after, types }) {
        const found = (await events(context)).filter(({ position, type }) => position > after && types.has(type));
        for (let start = 0; start < found.length; start += PAGE) {
          const page = found.slice(start, start + PAGE);
          yield { events: page, position: page.at(-1)!.position };
        }
      },
    },
    close: async () => undefined,
  };
};
