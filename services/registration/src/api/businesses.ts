import { BusinessServiceDefinition } from '@sanwang/contracts/registration';
import { invalid, notFound, Rejection } from '@sanwang/kernel';
import { command, defineApi, query, type Api, type Call } from '@sanwang/rpc';
import { answerOf, listFields, pageOf, searchField, whereEquals, type ServiceContext } from '@sanwang/service';
import { localDateOf } from '@sanwang/statutory';
import { z } from 'zod';
import { business, type BusinessCommand, type BusinessState } from '../business/decider.ts';
import { closeReasons, riskGrades } from '../business/events.ts';
import { businessIdOf } from '../business/number.ts';
import { usccFault } from '../business/uscc.ts';
import { businesses, businessStatuses, type BusinessDocument } from '../models/businesses.ts';
import { area, businessId, coordinates, licences, localDate, name, number, person, reason, slug } from './words.ts';

const registration = z.strictObject({
  number,
  name,
  businessType: slug,
  address: name,
  coordinates: coordinates.optional(),
  area,
  licences: licences.default([]),
  riskGrade: z.enum(riskGrades).optional(),
  contact: person.min(1).optional(),
  legalRepresentative: person.min(1).optional(),
  source: z.enum(['entry', 'import']).default('entry'),
  overrideReason: reason.optional(),
});

/** The document without what only look-up needs. */
const shown = ({ licenceNumber: _licenceNumber, ...rest }: BusinessDocument) => rest;

export const businessApi = (service: ServiceContext): Api => {
  const personKey = (call: Call): string => service.newId(call).replaceAll('-', '').slice(0, 12);

  const change = async (
    call: Call,
    action: string,
    request: { readonly id: string },
    decide: (state: BusinessState, at: string) => BusinessCommand | Promise<BusinessCommand>,
  ) => {
    const outcome = await service.execute(call, business, request.id, request, (state, at) => {
      const target = state.status === 'none' ? {} : { area: state.business.area };
      service.access.require(call.principal, `registration.business.${action}`, target, 'business', request.id);
      if (state.status === 'none') throw notFound('business', request.id);
      return decide(state, at);
    });
    return { ...answerOf(outcome), status: outcome.state.status };
  };

  /** How another record is, to a caller who may read it; to others there is none. */
  const statusFor = async (call: Call, id: string): Promise<BusinessState['status']> => {
    const scope = service.access.scope(call.principal, 'registration.business.read');
    const { state } = await service.load(business, id);
    if (state.status === 'none' || scope === 'everything') return state.status;
    return scope.areas.some((prefix) => state.business.area.startsWith(prefix)) ? state.status : 'none';
  };

  /** Where no unit is responsible, no officer would ever see the business again. */
  const requireUnit = (area: string): void => {
    if (!service.directory.unitForArea(area))
      throw invalid('area-unknown', 'area', 'an area for which a unit of the directory is responsible');
  };

  /** The city's local date: businesses close on days of its calendar. */
  const today = (at: string): string => {
    const timeZone = service.directory.cityUnit()?.timeZone;
    if (timeZone === undefined)
      throw new Rejection('failed-precondition', 'city-unit-missing', 'The directory has no city unit, so there is no time zone.');
    return localDateOf(at, timeZone);
  };

  return defineApi(BusinessServiceDefinition, {
    registerBusiness: command(registration, async (request, call) => {
      const id = businessIdOf(request.number);
      const target = { area: request.area };
      requireUnit(request.area);
      service.access.require(call.principal, 'registration.business.register', target, 'business', id);
      if (request.overrideReason !== undefined) {
        service.access.require(call.principal, 'registration.business.override-check-digit', target, 'business', id);
      }
      // An import passes over the check digit without a reason: the city's own registrars only.
      if (request.source === 'import') service.access.require(call.principal, 'registration.business.import', {}, 'business', id);
      const outcome = await service.execute(call, business, id, request, {
        type: 'register',
        businessId: id,
        personKey: personKey(call),
        ...request,
      });
      const fault = request.number.kind === 'uscc' ? usccFault(request.number.value) : undefined;
      return {
        ...answerOf(outcome),
        status: outcome.state.status,
        expectedCheckDigit: fault?.checkDigit,
        expectedBodyCheckDigit: fault?.bodyCheckDigit,
      };
    }),

    correctBusiness: command(
      z.strictObject({
        id: businessId,
        name: name.optional(),
        businessType: slug.optional(),
        licences: z.strictObject({ items: licences.default([]) }).optional(),
        contact: person.optional(),
        legalRepresentative: person.optional(),
      }),
      (request, call) => {
        const { id: _id, licences: list, ...rest } = request;
        const key = personKey(call);
        return change(call, 'correct', request, () => ({ type: 'correct', personKey: key, ...rest, licences: list?.items }));
      },
    ),

    moveBusiness: command(z.strictObject({ id: businessId, address: name, coordinates: coordinates.optional(), area }), (request, call) =>
      change(call, 'move', request, () => {
        const { id, ...place } = request;
        requireUnit(place.area);
        service.access.require(call.principal, 'registration.business.move', { area: place.area }, 'business', id);
        return { type: 'move', ...place };
      }),
    ),

    changeRiskGrade: command(z.strictObject({ id: businessId, riskGrade: z.enum(riskGrades), reason }), (request, call) =>
      change(call, 'grade', request, () => ({ type: 'grade', riskGrade: request.riskGrade, reason: request.reason })),
    ),

    closeBusiness: command(z.strictObject({ id: businessId, reason: z.enum(closeReasons), closedOn: localDate }), (request, call) =>
      change(call, 'close', request, (_state, at) => ({
        type: 'close',
        reason: request.reason,
        closedOn: request.closedOn,
        today: today(at),
      })),
    ),

    voidBusiness: command(z.strictObject({ id: businessId, replacedBy: businessId, reason }), (request, call) =>
      change(call, 'void', request, async () => ({
        type: 'void',
        replacedBy: request.replacedBy,
        reason: request.reason,
        replacement: await statusFor(call, request.replacedBy),
      })),
    ),

    getBusiness: query(z.strictObject({ id: businessId }), async ({ id }, call) => {
      const scope = service.access.scope(call.principal, 'registration.business.read');
      await service.caughtUp(call, businesses);
      const found = await service.reader(businesses).get(id, scope);
      if (!found) throw notFound('business', id);
      return shown(found);
    }),

    listBusinesses: query(
      z.strictObject({
        ...listFields(['id', 'name', 'registeredAt']),
        ...searchField,
        area: area.optional(),
        businessType: slug.optional(),
        riskGrade: z.enum(riskGrades).optional(),
        status: z.enum(businessStatuses).optional(),
        licenceNumber: z.string().trim().min(1).max(60).optional(),
      }),
      async (request, call) => {
        const scope = service.access.scope(call.principal, 'registration.business.read');
        await service.caughtUp(call, businesses);
        const { businessType, riskGrade, status, licenceNumber } = request;
        const where = whereEquals({ businessType, riskGrade, status, licenceNumber });
        if (request.area !== undefined) where.push({ field: 'area', prefix: request.area });
        const { items, nextPageToken } = await service.reader(businesses).query({ ...pageOf(request), scope, where });
        return { items: items.map(shown), nextPageToken };
      },
    ),
  });
};
