import { NAME_WITHIN_MS, type AttachmentInfo, type CommandOutcome } from '@sanwang/event-store';
import { forbiddenByState, invalid, notFound, Rejection, type Instant } from '@sanwang/kernel';
import type { Directory } from '@sanwang/identity';
import { namedAmong } from '@sanwang/read-model';
import type { Call } from '@sanwang/rpc';
import type { ServiceContext } from '@sanwang/service';
import { addDays, CalendarYearMissing, createCalendar, dueDate, endOfLocalDay, localDateOf, yearOf } from '@sanwang/statutory';
import { z } from 'zod';
import { attachments } from '../models/attachments.ts';
import { businesses, type Business } from '../models/businesses.ts';
import type { Limit } from '../rectification/events.ts';
import type { OfficerFact } from '../shared/officers.ts';
import { id, localDate, type Attachment } from '../shared/words.ts';

// What decisions need from elsewhere, looked up before they are made.

/** The flat part of every command's answer. */
export const answer = (outcome: CommandOutcome<{ readonly status: string }>) => ({
  id: outcome.id,
  revision: outcome.revision,
  readToken: outcome.readToken,
  status: outcome.state.status,
});

const cityOf = (directory: Directory): { timeZone: string; calendar: string | undefined } => {
  const city = directory.cityUnit();
  if (!city?.timeZone) throw forbiddenByState('city-unit-missing', 'The directory has no city unit with a time zone.');
  return { timeZone: city.timeZone, calendar: city.calendar };
};

/** The city's local day of an instant. */
export const localDay = (directory: Directory, at: Instant): string => localDateOf(at, cityOf(directory).timeZone);

/** What an officer says about when something was; it was not in the future. */
export const past = (field: string, given: Instant | undefined, now: Instant): Instant => {
  if (given !== undefined && given > now) throw invalid('in-the-future', field, `a time not after ${now}`);
  return given ?? now;
};

export const officerFact = (directory: Directory, officerId: string, unit: string): OfficerFact | undefined => {
  const officer = directory.officer(officerId);
  return (
    officer && {
      id: officer.id,
      inUnit: directory.subtree(unit).includes(officer.unit),
      active: officer.active,
      inspector: officer.duties.includes('inspector'),
      certificate: officer.certificate,
    }
  );
};

/**
 * The copy of a business of the caller's jurisdiction, as the object of a task. One entered in error 作废 takes none; one that
 * has closed 注销 only the recheck of an order that it was given before.
 */
export const businessFact = async (
  service: ServiceContext,
  call: Call,
  businessId: string,
  action: string,
  recheck: boolean,
): Promise<Business> => {
  await service.caughtUp(call, businesses);
  const business = await service.reader(businesses).get(businessId, 'everything');
  if (!business) throw notFound('business', businessId);
  service.access.require(call.principal, action, { area: business.area }, 'business', businessId);
  if (business.status === 'void' || (business.status === 'closed' && !recheck))
    throw forbiddenByState(`business-${business.status}`, `Business ${businessId} is ${business.status}.`, { businessId });
  return business;
};

/** Ids of stored attachments, in a request. */
export const attachmentIds = z.array(id).max(20).default([]);

/** What nothing has named within a day is about to be removed, so it can no longer be named. */
const stays = async (service: ServiceContext, { id, storedAt }: AttachmentInfo): Promise<boolean> =>
  Date.parse(storedAt) + NAME_WITHIN_MS > Date.now() || (await namedAmong(service.reader(attachments), [id])).size > 0;

/** What events keep of the attachments that a request names. */
export const attachmentFacts = (service: ServiceContext, ids: readonly string[], field: string): Promise<Attachment[]> =>
  Promise.all(
    ids.map(async (attachmentId, index) => {
      const info = await service.attachments.info(attachmentId);
      if (!info || !(await stays(service, info)))
        throw invalid('attachment-unknown', `${field}.${index}`, 'the id of an attachment that was stored within the last day');
      return { id: info.id, mediaType: info.mediaType, size: info.size, hash: info.hash };
    }),
  );

/** Calendar days. */
const LONGEST_LIMIT = 730;

/** A time limit in a request: exactly one of its last local day, calendar days or working days after today. */
export const timeLimit = z
  .strictObject({
    dueOn: localDate.optional(),
    days: z.int().min(1).max(LONGEST_LIMIT).optional(),
    workingDays: z.int().min(1).max(500).optional(),
  })
  .refine((limit) => [limit.dueOn, limit.days, limit.workingDays].filter((part) => part !== undefined).length === 1, {
    error: 'exactly one of dueOn, days and workingDays',
  });

/**
 * The limit's last local day and last instant, by the city's calendar and time zone (程序规定 art. 80). A day that is named
 * lies in a year of the calendar too, where the city has one.
 */
export const limitFact = (directory: Directory, limit: z.infer<typeof timeLimit>, at: Instant): Limit => {
  const { timeZone, calendar } = cityOf(directory);
  const today = localDateOf(at, timeZone);
  const yearMissing = (year: number): Rejection =>
    new Rejection(
      'failed-precondition',
      'calendar-year-missing',
      `The calendar ${calendar} has no year ${year}; the limit would reach it.`,
      {
        facts: { calendar: calendar ?? '', year },
      },
    );
  const lastDay = (): string => {
    if (limit.dueOn !== undefined) {
      const latest = addDays(today, LONGEST_LIMIT);
      if (limit.dueOn > latest) throw invalid('limit-too-long', 'limit.dueOn', `a day not after ${latest}`);
      const year = yearOf(limit.dueOn);
      if (calendar !== undefined && !directory.calendarYears(calendar).has(year)) throw yearMissing(year);
      return limit.dueOn;
    }
    if (calendar === undefined) throw forbiddenByState('calendar-missing', 'The city unit names no calendar to reckon limits by.');
    try {
      const days = createCalendar(directory.calendarYears(calendar), calendar);
      const unit = limit.workingDays === undefined ? 'calendar-days' : 'working-days';
      return dueDate(days, today, { unit, days: limit.workingDays ?? limit.days ?? 0 });
    } catch (error) {
      if (!(error instanceof CalendarYearMissing)) throw error;
      throw yearMissing(error.year);
    }
  };
  const dueOn = lastDay();
  return { dueOn, due: endOfLocalDay(dueOn, timeZone) };
};
