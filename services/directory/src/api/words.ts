import { z } from 'zod';

/** `sz-futian-xiangmihu`, `china`: lower-case words joined by hyphens. */
export const slug = z
  .string()
  .max(60)
  .regex(/^[a-z0-9]+(-[a-z0-9]+)*$/, 'lower-case words joined by hyphens');
export const officerId = z.string().regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/, 'an opaque id of letters, digits, dots and hyphens');
export const localDate = z.iso.date();
export const instant = z.iso.datetime({ offset: true });
export const name = z.string().trim().min(1).max(100);
/** The platform's own form of an instant that a caller wrote with another offset or precision. */
export const instantOf = (text: string): string => new Date(text).toISOString();
