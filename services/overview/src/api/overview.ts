import { OverviewServiceDefinition } from '@sanwang/contracts/overview';
import { notFound, Rejection } from '@sanwang/kernel';
import { defineApi, query, type Api } from '@sanwang/rpc';
import { listFields, pageOf, type ServiceContext } from '@sanwang/service';
import { localDateOf } from '@sanwang/statutory';
import { z } from 'zod';
import { assignments } from '../models/assignments.ts';
import { businesses } from '../models/businesses.ts';
import { file, type FileDocument } from '../models/file.ts';
import { orders } from '../models/orders.ts';
import { tasks } from '../models/tasks.ts';
import { visits } from '../models/visits.ts';
import { board } from './board.ts';

const code = z
  .string()
  .max(80)
  .regex(/^[a-z0-9]+(-[a-z0-9]+)*$/, "a unit's code, such as sz-futian");
const id = z.string().regex(/^[A-Za-z0-9._-]{1,90}$/, 'an id');

const shown = ({ businessId: _businessId, sortKey: _sortKey, ...entry }: FileDocument) => entry;

export const overviewApi = (service: ServiceContext): Api => {
  const { access, directory } = service;

  /** The city's local date: due dates are days of its calendar. */
  const today = (): string => {
    const timeZone = directory.cityUnit()?.timeZone;
    if (timeZone === undefined)
      throw new Rejection('failed-precondition', 'city-unit-missing', 'The directory has no city unit, so there is no time zone.');
    return localDateOf(service.clock.now(), timeZone);
  };

  return defineApi(OverviewServiceDefinition, {
    getBoard: query(z.strictObject({ unit: code.optional() }), async (request, call) => {
      const unit = request.unit ?? directory.officer(call.principal.subject)?.unit ?? directory.cityUnit()?.code;
      if (unit === undefined) throw notFound('unit', 'of the city');
      access.require(call.principal, 'overview.board.read', { unit }, 'unit', unit);
      if (!directory.unit(unit)) throw notFound('unit', unit);
      const scope = access.scope(call.principal, 'overview.board.read');
      await Promise.all([service.caughtUp(call, tasks), service.caughtUp(call, orders)]);
      return board({ unit, today: today(), scope, directory, tasks: service.reader(tasks), orders: service.reader(orders) });
    }),

    getBusinessFile: query(z.strictObject({ id, ...listFields(['at']) }), async (request, call) => {
      const scope = access.scope(call.principal, 'overview.file.read');
      await Promise.all([service.caughtUp(call, businesses), service.caughtUp(call, file)]);
      const business = await service.reader(businesses).get(request.id, scope);
      if (!business) throw notFound('business', request.id);
      const { items, nextPageToken } = await service.reader(file).query({
        ...pageOf(request),
        where: [{ field: 'businessId', eq: request.id }],
        scope: 'everything',
        orderBy: { field: 'sortKey', direction: request.orderBy === '-at' ? 'desc' : 'asc' },
      });
      return { id: business.id, name: business.name, status: business.status, items: items.map(shown), nextPageToken };
    }),

    getOfficerWorkload: query(z.strictObject({ id }), async (request, call) => {
      const officer = directory.officer(request.id);
      const target = officer ? { unit: officer.unit, owner: officer.id } : {};
      access.require(call.principal, 'overview.workload.read', target, 'officer', request.id);
      if (!officer) throw notFound('officer', request.id);
      await Promise.all([assignments, visits, orders].map((model) => service.caughtUp(call, model)));
      const asOf = today();
      const scope = 'everything';
      const own = { field: 'officers', eq: officer.id };
      const late = [own, { field: 'status', eq: 'open' }, { field: 'dueOn', lt: asOf }];
      const [taskCounts, lateTasks, visitCounts, issued] = await Promise.all([
        service.reader(assignments).count({ where: [own], scope, by: ['status'] }),
        service.reader(assignments).count({ where: late, scope, by: [] }),
        service.reader(visits).count({ where: [own], scope, by: ['status'] }),
        service.reader(orders).count({ where: [{ field: 'issuedBy', eq: officer.id }], scope, by: ['status', 'overdue'] }),
      ]);
      const inState = (rows: typeof issued, status: string): typeof issued => rows.filter(({ key }) => key['status'] === status);
      const open = inState(issued, 'open');
      const sum = (rows: typeof issued): number => rows.reduce((total, { count }) => total + count, 0);
      return {
        id: officer.id,
        asOf,
        tasksOpen: sum(inState(taskCounts, 'open')),
        tasksOverdue: sum(lateTasks),
        tasksDone: sum(inState(taskCounts, 'done')),
        visitsOpen: sum(inState(visitCounts, 'open')),
        visitsDone: sum(inState(visitCounts, 'done')),
        ordersOpen: sum(open),
        ordersOverdue: sum(open.filter(({ key }) => key['overdue'] === true)),
      };
    }),
  });
};
