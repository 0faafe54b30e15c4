import { localDate, slug } from '@sanwang/service';
import { z } from 'zod';

export { localDate, slug };

export const officerId = z.string().regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/, 'an opaque id of letters, digits, dots and hyphens');
export const instant = z.iso.datetime({ offset: true });
export const name = z.string().trim().min(1).max(100);
/** The platform's own form of an instant that a caller wrote with another offset or precision. */
export const instantOf = (text: string): string => new Date(text).toISOString();

/** What describes a unit in a request, beside its kind. */
export const unitFields = {
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
