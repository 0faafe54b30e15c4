import { UnitServiceDefinition } from '@sanwang/contracts/directory';
import { notFound } from '@sanwang/kernel';
import { command, defineApi, query, type Api, type Call } from '@sanwang/rpc';
import { answerOf, listFields, pageOf, searchField, whereEquals, type ServiceContext } from '@sanwang/service';
import { z } from 'zod';
import { units } from '../models/units.ts';
import { unit, type UnitCommand, type UnitFacts } from '../unit/decider.ts';
import { unitKinds } from '../unit/events.ts';
import { localDate, name, slug } from './words.ts';

const content = {
  code: slug,
  parent: slug.optional(),
  name,
  areas: z
    .array(z.string().regex(/^\d{2,12}$/, '2 to 12 digits'))
    .max(200)
    .default([]),
  validFrom: localDate,
  timeZone: z.string().max(60).optional(),
  calendar: slug.optional(),
};

export const unitApi = (service: ServiceContext): Api => {
  const factsAbout = async (parent: string | undefined): Promise<UnitFacts> => {
    const above = parent === undefined ? undefined : (await service.load(unit, parent)).state;
    return {
      ...(above?.status === 'registered' && { parent: { kind: above.unit.kind, areas: above.unit.areas } }),
      cityUnit: service.directory.cityUnit()?.code,
    };
  };
  /** Who keeps a unit keeps what is below it, not the unit itself: nobody widens his own jurisdiction. */
  const requireAbove = (call: Call, parent: string | undefined, code: string): void =>
    service.access.require(call.principal, 'directory.unit.write', parent === undefined ? {} : { unit: parent }, 'unit', code);

  return defineApi(UnitServiceDefinition, {
    registerUnit: command(z.strictObject({ ...content, kind: z.enum(unitKinds) }), async (request, call) => {
      requireAbove(call, request.parent, request.code);
      const outcome = await service.execute(call, unit, request.code, request, async (): Promise<UnitCommand> => ({
        type: 'register',
        unit: request,
        facts: await factsAbout(request.parent),
      }));
      return answerOf(outcome);
    }),

    changeUnit: command(z.strictObject(content), async (request, call) => {
      const outcome = await service.execute(call, unit, request.code, request, async (state): Promise<UnitCommand> => {
        requireAbove(call, state.status === 'registered' ? state.unit.parent : undefined, request.code);
        requireAbove(call, request.parent, request.code);
        return { type: 'change', unit: request, facts: await factsAbout(request.parent) };
      });
      return answerOf(outcome);
    }),

    getUnit: query(z.strictObject({ code: slug }), async ({ code }, call) => {
      const scope = service.access.scope(call.principal, 'directory.unit.read');
      await service.caughtUp(call, units);
      const found = await service.reader(units).get(code, scope);
      if (!found) throw notFound('unit', code);
      return found;
    }),

    listUnits: query(
      z.strictObject({ ...listFields(['code', 'name']), ...searchField, parent: slug.optional(), kind: z.enum(unitKinds).optional() }),
      async (request, call) => {
        const scope = service.access.scope(call.principal, 'directory.unit.read');
        await service.caughtUp(call, units);
        const { parent, kind } = request;
        const { items, nextPageToken } = await service
          .reader(units)
          .query({ ...pageOf(request), scope, where: whereEquals({ parent, kind }) });
        return { items: [...items], nextPageToken };
      },
    ),
  });
};
