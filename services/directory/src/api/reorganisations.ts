import { ReorganisationServiceDefinition } from '@sanwang/contracts/directory';
import { forbiddenByState, notFound } from '@sanwang/kernel';
import { command, defineApi, query, type Api } from '@sanwang/rpc';
import { answerOf, listFields, pageOf, whereEquals, type ServiceContext } from '@sanwang/service';
import { localDateOf, startOfLocalDay } from '@sanwang/statutory';
import { z } from 'zod';
import { reorganisations, reorganisationStatuses } from '../models/reorganisations.ts';
import { reorganisation, type ReorganisationCommand } from '../reorganisation/decider.ts';
import { unitKinds, type UnitData } from '../shared/unit.ts';
import { localDate, name, slug, unitFields } from './words.ts';

const changedUnit = z.strictObject({ ...unitFields, kind: z.enum(unitKinds) }).omit({ validFrom: true });
const announcement = z.strictObject({
  id: slug,
  title: name,
  effectiveOn: localDate,
  units: z.array(changedUnit).max(500).default([]),
  ends: z
    .array(z.strictObject({ unit: slug, successor: slug }))
    .max(500)
    .default([]),
});

export const reorganisationApi = (service: ServiceContext): Api => {
  const zone = (): string => {
    const timeZone = service.directory.cityUnit()?.timeZone;
    if (timeZone === undefined) throw forbiddenByState('city-unit-missing', 'The directory has no city unit with a time zone.');
    return timeZone;
  };
  const stillToCome = async (id: string, now: string): Promise<string | undefined> => {
    const { items } = await service
      .reader(reorganisations)
      .query({ scope: 'everything', where: whereEquals({ status: 'announced' }), limit: 10 });
    return items.find((one) => one.id !== id && one.effectiveAt > now)?.id;
  };

  return defineApi(ReorganisationServiceDefinition, {
    announceReorganisation: command(announcement, async ({ id, ...request }, call) => {
      service.access.require(call.principal, 'directory.reorganisation.write', {}, 'reorganisation', id);
      await service.caughtUp(call, reorganisations);
      const outcome = await service.execute(call, reorganisation, id, request, async (_state, at): Promise<ReorganisationCommand> => {
        const timeZone = zone();
        const effectiveAt = startOfLocalDay(request.effectiveOn, timeZone);
        const units: UnitData[] = request.units.map((unit) => ({ ...unit, validFrom: request.effectiveOn }));
        return {
          type: 'announce',
          id,
          reorganisation: { ...request, effectiveAt, units },
          today: localDateOf(at, timeZone),
          units: [...service.directory.unitsAt(effectiveAt).units.values()],
          pending: await stillToCome(id, at),
        };
      });
      return answerOf(outcome);
    }),

    withdrawReorganisation: command(z.strictObject({ id: slug, reason: z.string().trim().min(1).max(500) }), async (request, call) => {
      service.access.require(call.principal, 'directory.reorganisation.write', {}, 'reorganisation', request.id);
      const outcome = await service.execute(call, reorganisation, request.id, request, (_state, at): ReorganisationCommand => ({
        type: 'withdraw',
        id: request.id,
        at,
        reason: request.reason,
      }));
      return answerOf(outcome);
    }),

    getReorganisation: query(z.strictObject({ id: slug }), async ({ id }, call) => {
      const scope = service.access.scope(call.principal, 'directory.reorganisation.read');
      await service.caughtUp(call, reorganisations);
      const found = await service.reader(reorganisations).get(id, scope);
      if (!found) throw notFound('reorganisation', id);
      return found;
    }),

    listReorganisations: query(
      z.strictObject({ ...listFields(['effectiveOn', 'id']), status: z.enum(reorganisationStatuses).optional() }),
      async (request, call) => {
        const scope = service.access.scope(call.principal, 'directory.reorganisation.read');
        await service.caughtUp(call, reorganisations);
        const { items, nextPageToken } = await service
          .reader(reorganisations)
          .query({ ...pageOf(request), scope, where: whereEquals({ status: request.status }) });
        return { items: [...items], nextPageToken };
      },
    ),
  });
};
