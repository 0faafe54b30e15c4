import type { ModelDefinition, ModelHandler } from '@sanwang/read-model';
import { z } from 'zod';
import { checklistVersion } from '../checklist/events.ts';
import { dispatchRuleList } from '../dispatch-rules/events.ts';
import { taskType } from '../shared/words.ts';

const checklistDocument = z.object({
  id: z.string(),
  revision: z.number(),
  /** Title of the version published last. */
  title: z.string(),
  type: taskType,
  versions: z.array(checklistVersion),
});
export type ChecklistDocument = z.infer<typeof checklistDocument>;

const publish: ModelHandler<ChecklistDocument> = {
  project(doc, event) {
    const version = event.data as ChecklistDocument['versions'][number];
    const id = event.stream.slice('patrol.Checklist-'.length);
    return { id, revision: event.revision, title: version.title, type: version.type, versions: [...(doc?.versions ?? []), version] };
  },
};

/** The checklists with all their versions. */
export const checklists: ModelDefinition<ChecklistDocument> = {
  context: 'patrol',
  name: 'checklists',
  version: 1,
  kind: 'stream',
  schema: checklistDocument,
  on: { 'patrol.ChecklistPublished': publish },
  indexes: [{ name: 'title', fields: ['title', 'type'] }],
  search: (doc) => [doc.title],
};

const rulesDocument = z.object({ revision: z.number(), rules: dispatchRuleList });
export type RulesDocument = z.infer<typeof rulesDocument>;

/** The dispatch rules: one document. */
export const dispatchRulesInForce: ModelDefinition<RulesDocument> = {
  context: 'patrol',
  name: 'dispatch-rules',
  version: 1,
  kind: 'stream',
  schema: rulesDocument,
  on: {
    'patrol.DispatchRulesSet': {
      project: (_doc, event) => ({ ...(event.data as Omit<RulesDocument, 'revision'>), revision: event.revision }),
    },
  },
  indexes: [],
};
