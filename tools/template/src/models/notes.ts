import { parseStream } from '@sanwang/kernel';
import type { ModelDefinition } from '@sanwang/read-model';
import { z } from 'zod';
import type { NoteEvent } from '../note/events.ts';

const document = z.object({ id: z.string(), revision: z.int(), unit: z.string(), text: z.string() });
export type NoteDocument = z.infer<typeof document>;

export const notes: ModelDefinition<NoteDocument> = {
  context: 'notes',
  name: 'notes',
  version: 1,
  kind: 'stream',
  schema: document,
  on: {
    'notes.NoteWritten': {
      project: (_doc, { stream, revision, data }) => ({ id: parseStream(stream).id, revision, ...(data as NoteEvent['data']) }),
    },
  },
  indexes: [],
  scope: { unit: 'unit' },
};
