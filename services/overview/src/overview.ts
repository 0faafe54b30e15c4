import { defineService } from '@sanwang/service';
import { overviewApi } from './api/overview.ts';
import { assignments } from './models/assignments.ts';
import { businesses } from './models/businesses.ts';
import { file } from './models/file.ts';
import { orders } from './models/orders.ts';
import { tasks } from './models/tasks.ts';
import { visits } from './models/visits.ts';

/** What all services together show: the board, the file of a business 一企一档, the workload of an officer. From the bus only. */
export const overview = defineService({
  context: 'overview',
  aggregates: [],
  models: [tasks, orders, assignments, visits, businesses, file],
  api: (service) => [overviewApi(service)],
});
