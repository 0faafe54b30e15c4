import { CalendarServiceDefinition } from '@sanwang/contracts/directory';
import { notFound } from '@sanwang/kernel';
import { command, defineApi, query, type Api } from '@sanwang/rpc';
import { answerOf, listFields, pageOf, whereEquals, type ServiceContext } from '@sanwang/service';
import { z } from 'zod';
import { calendar, calendarId } from '../calendar/decider.ts';
import { calendars } from '../models/calendars.ts';
import { localDate, slug } from './words.ts';

const year = z.int().min(1949).max(2200);
const day = z.strictObject({ date: localDate, working: z.boolean(), name: z.string().trim().min(1).max(60) });

export const calendarApi = (service: ServiceContext): Api =>
  defineApi(CalendarServiceDefinition, {
    publishCalendarYear: command(
      z.strictObject({ calendar: slug, year, days: z.array(day).max(366).default([]), source: z.string().trim().min(1).max(300) }),
      async (request, call) => {
        const id = calendarId(request.calendar, request.year);
        service.access.require(call.principal, 'directory.calendar.write', {}, 'calendar', id);
        return answerOf(await service.execute(call, calendar, id, request, { type: 'publish', year: request }));
      },
    ),

    getCalendarYear: query(z.strictObject({ id: slug }), async ({ id }, call) => {
      const scope = service.access.scope(call.principal, 'directory.calendar.read');
      await service.caughtUp(call, calendars);
      const found = await service.reader(calendars).get(id, scope);
      if (!found) throw notFound('calendar', id);
      return found;
    }),

    listCalendarYears: query(
      z.strictObject({ ...listFields(['id', 'year']), calendar: slug.optional(), year: year.optional() }),
      async (request, call) => {
        const scope = service.access.scope(call.principal, 'directory.calendar.read');
        await service.caughtUp(call, calendars);
        const where = whereEquals({ calendar: request.calendar, year: request.year });
        const { items, nextPageToken } = await service.reader(calendars).query({ ...pageOf(request), scope, where });
        return { items: [...items], nextPageToken };
      },
    ),
  });
