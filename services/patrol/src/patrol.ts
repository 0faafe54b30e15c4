import { PatrolServiceDefinition } from '@sanwang/contracts/patrol';
import { defineApi } from '@sanwang/rpc';
import { defineService } from '@sanwang/service';
import { attachmentRoutes } from './api/attachment-routes.ts';
import { loadChecklists } from './api/checklists.ts';
import { rectificationHandlers } from './api/rectifications.ts';
import { rulesHandlers } from './api/rules.ts';
import { taskHandlers } from './api/tasks.ts';
import { visitHandlers } from './api/visits.ts';
import { catalogue } from './catalogue.ts';
import { checklist } from './checklist/decider.ts';
import { dispatchRules } from './dispatch-rules/decider.ts';
import { district } from './district.ts';
import { attachments } from './models/attachments.ts';
import { businesses } from './models/businesses.ts';
import { rectifications } from './models/rectifications.ts';
import { checklists, dispatchRulesInForce } from './models/rules.ts';
import { tasks } from './models/tasks.ts';
import { visits } from './models/visits.ts';
import { rectification } from './rectification/decider.ts';
import { task } from './task/decider.ts';
import { visit } from './visit/decider.ts';

/** The patrol net 巡查网: tasks pooled, dispatched, carried out by visits, checked, and followed up. */
export const patrol = defineService({
  context: 'patrol',
  catalogue,
  aggregates: [task, visit, rectification, checklist, dispatchRules],
  models: [tasks, visits, rectifications, businesses, checklists, dispatchRulesInForce, attachments],
  attachments,
  attachmentRoutes,
  district,
  api(service) {
    const versions = loadChecklists(service);
    return [
      defineApi(PatrolServiceDefinition, {
        ...taskHandlers(service, versions),
        ...visitHandlers(service, versions),
        ...rectificationHandlers(service),
        ...rulesHandlers(service),
      }),
    ];
  },
});
