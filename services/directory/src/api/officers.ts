import { OfficerServiceDefinition } from '@sanwang/contracts/directory';
import { cityDuties } from '@sanwang/identity';
import { notFound } from '@sanwang/kernel';
import { command, defineApi, query, type Api, type Call } from '@sanwang/rpc';
import { answerOf, listFields, pageOf, searchField, whereEquals, type ServiceContext } from '@sanwang/service';
import { z } from 'zod';
import { officers } from '../models/officers.ts';
import { officer, type OfficerCommand } from '../officer/decider.ts';
import { dutyNames, type DutyName, type OfficerData } from '../officer/events.ts';
import { unit } from '../unit/decider.ts';
import { localDate, name, officerId, slug } from './words.ts';

const phone = z.string().trim().max(40);
const content = {
  id: officerId,
  unit: slug,
  duties: z.array(z.enum(dutyNames)).max(dutyNames.length).default([]),
  certificate: z.strictObject({ number: z.string().trim().min(1).max(60), validFrom: localDate, validTo: localDate }).optional(),
  active: z.boolean().default(true),
};

export const officerApi = (service: ServiceContext): Api => {
  const unitExists = async (code: string): Promise<boolean> => (await service.load(unit, code)).state.status === 'registered';

  const requireWrite = (call: Call, id: string, code: string): void =>
    service.access.require(call.principal, 'directory.officer.write', { unit: code }, 'officer', id);

  /** A duty that reaches the whole city is given by the city's own administration only. */
  const requireGrant = (call: Call, id: string, next: readonly DutyName[], active: boolean, present?: OfficerData): void => {
    const held: readonly DutyName[] = present?.active ? present.duties : [];
    if (active && next.some((duty) => cityDuties.includes(duty) && !held.includes(duty))) {
      service.access.require(call.principal, 'directory.officer.grant-city-duty', {}, 'officer', id);
    }
  };

  return defineApi(OfficerServiceDefinition, {
    registerOfficer: command(z.strictObject({ ...content, name, phone: phone.min(1).optional() }), async (request, call) => {
      const { id, ...entry } = request;
      requireWrite(call, id, entry.unit);
      const outcome = await service.execute(call, officer, id, request, async (state): Promise<OfficerCommand> => {
        requireGrant(call, id, entry.duties, entry.active, state.status === 'registered' ? state.officer : undefined);
        return { type: 'register', officer: { officerId: id, ...entry }, unitExists: await unitExists(entry.unit) };
      });
      return answerOf(outcome);
    }),

    changeOfficer: command(z.strictObject({ ...content, name: name.optional(), phone: phone.optional() }), async (request, call) => {
      const { id, ...entry } = request;
      const outcome = await service.execute(call, officer, id, request, async (state): Promise<OfficerCommand> => {
        const present = state.status === 'registered' ? state.officer : undefined;
        if (present) requireWrite(call, id, present.unit);
        requireWrite(call, id, entry.unit);
        requireGrant(call, id, entry.duties, entry.active, present);
        return { type: 'change', officer: { officerId: id, ...entry }, unitExists: await unitExists(entry.unit) };
      });
      return answerOf(outcome);
    }),

    getOfficer: query(z.strictObject({ id: officerId }), async ({ id }, call) => {
      const scope = service.access.scope(call.principal, 'directory.officer.read');
      await service.caughtUp(call, officers);
      const found = await service.reader(officers).get(id, scope);
      if (!found) throw notFound('officer', id);
      return found;
    }),

    listOfficers: query(
      z.strictObject({ ...listFields(['id', 'unit']), ...searchField, unit: slug.optional(), active: z.boolean().optional() }),
      async (request, call) => {
        const scope = service.access.scope(call.principal, 'directory.officer.read');
        await service.caughtUp(call, officers);
        const where = whereEquals({ unit: request.unit, active: request.active });
        const { items, nextPageToken } = await service.reader(officers).query({ ...pageOf(request), scope, where });
        return { items: [...items], nextPageToken };
      },
    ),
  });
};
