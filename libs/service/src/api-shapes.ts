import type { CommandOutcome } from '@sanwang/event-store';
import type { FieldFilter, ModelQuery, Scalar } from '@sanwang/read-model';
import { z } from 'zod';

/** The request fields of every list; `orderBy` takes the given fields, with `-` before them for the other direction. */
export const listFields = <const Field extends string>(sortable: readonly [Field, ...Field[]]) => ({
  pageSize: z.int().min(1).max(500).default(50),
  pageToken: z.string().max(4_000).optional(),
  orderBy: z.enum([...sortable, ...sortable.map((field) => `-${field}` as const)]).optional(),
});

/** A code such as `sz-futian-xiangmihu`: lower-case words joined by hyphens. */
export const slug = z
  .string()
  .max(60)
  .regex(/^[a-z0-9]+(-[a-z0-9]+)*$/, 'lower-case words joined by hyphens');
/** A day without a time zone, `2026-11-24`. */
export const localDate = z.iso.date();

/** Free-text search of a list. */
export const searchField = { q: z.string().trim().max(100).optional() };

/** What the list fields ask of a model. */
export const pageOf = (request: {
  readonly pageSize: number;
  readonly pageToken?: string | undefined;
  readonly orderBy?: string | undefined;
  readonly q?: string | undefined;
}): Pick<ModelQuery, 'limit' | 'pageToken' | 'orderBy' | 'search'> => ({
  limit: request.pageSize,
  ...(request.pageToken && { pageToken: request.pageToken }),
  ...(request.orderBy && {
    orderBy: { field: request.orderBy.replace('-', ''), direction: request.orderBy.startsWith('-') ? ('desc' as const) : ('asc' as const) },
  }),
  ...(request.q && { search: request.q }),
});

/** A filter per field that is given. */
export const whereEquals = (fields: Readonly<Record<string, Scalar | undefined>>): FieldFilter[] =>
  Object.entries(fields).flatMap(([field, eq]) => (eq === undefined ? [] : [{ field, eq }]));

/** The flat fields of every command's answer. */
export const answerOf = ({ id, revision, readToken }: CommandOutcome<unknown>): { id: string; revision: number; readToken: string } => ({
  id,
  revision,
  readToken,
});
