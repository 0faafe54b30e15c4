import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { defineService } from '@sanwang/service';
import { noteApi } from './api.ts';
import { catalogue } from './catalogue.ts';
import { notes as notesModel } from './models/notes.ts';
import { note } from './note/decider.ts';
import { policy } from './policy.ts';

/** Notes 便条: the smallest service that has everything. */
export const notes = defineService({
  context: 'notes',
  catalogue,
  aggregates: [note],
  models: [notesModel],
  policy,
  api: (service) => [noteApi(service)],
  descriptors: () => readFileSync(join(import.meta.dirname, 'gen', 'desc.binpb')),
});
