import { defineService } from '@sanwang/service';
import { businessApi } from './api/businesses.ts';
import { business } from './business/decider.ts';
import { catalogue } from './catalogue.ts';
import { district } from './district.ts';
import { businesses } from './models/businesses.ts';

export { catalogue };

/** Registration 登记: the businesses under supervision and their numbers, licences, places and grades. */
export const registration = defineService({
  context: 'registration',
  catalogue,
  aggregates: [business],
  models: [businesses],
  district,
  api: (service) => [businessApi(service)],
});
