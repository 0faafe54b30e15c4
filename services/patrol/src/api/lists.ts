import type { FieldFilter, ModelDefinition } from '@sanwang/read-model';
import { notFound } from '@sanwang/kernel';
import type { Call } from '@sanwang/rpc';
import type { ServiceContext } from '@sanwang/service';
import type { Document } from '@sanwang/read-model';
import { z } from 'zod';

/** Paging, sorting and search of every list; `fields` are those that it can be sorted by. */
export const paging = <const Field extends string>(...fields: readonly [Field, ...Field[]]) => ({
  pageSize: z.int().min(1).max(500).optional(),
  pageToken: z.string().min(1).max(2000).optional(),
  orderBy: z.enum([...fields, ...fields.map((field) => `-${field}` as const)]).optional(),
  q: z.string().trim().min(1).max(100).optional(),
});
export interface Paging {
  readonly pageSize?: number | undefined;
  readonly pageToken?: string | undefined;
  readonly orderBy?: string | undefined;
  readonly q?: string | undefined;
}

type Test = Omit<FieldFilter, 'field'>;
/** Filters whose value was given; `[field, test of the value]`. */
export const where = (...tests: readonly (FieldFilter | undefined)[]): readonly FieldFilter[] => tests.filter((test) => test !== undefined);
/** A filter on one field, `undefined` when the request does not give its value. */
export const given = <Value>(field: string, value: Value | undefined, test: (value: Value) => Test): FieldFilter | undefined =>
  value === undefined ? undefined : { field, ...test(value) };
/** The commonest filter: the field has the value. */
export const equal = (field: string, value: string | number | boolean | undefined): FieldFilter | undefined =>
  given(field, value, (eq) => ({ eq }));

/** A page of what the caller may see of a model. */
export const list = async <Doc extends Document>(
  service: ServiceContext,
  call: Call,
  model: ModelDefinition<Doc>,
  action: string,
  request: Paging,
  options: { readonly where: readonly FieldFilter[]; readonly orderBy: string },
): Promise<{ items: Doc[]; nextPageToken: string | undefined }> => {
  const scope = service.access.scope(call.principal, action);
  await service.caughtUp(call, model);
  const orderBy = request.orderBy ?? options.orderBy;
  const page = await service.reader(model).query({
    scope,
    where: options.where,
    orderBy: orderBy.startsWith('-') ? { field: orderBy.slice(1), direction: 'desc' } : { field: orderBy, direction: 'asc' },
    limit: request.pageSize ?? 50,
    ...(request.q === undefined ? {} : { search: request.q }),
    ...(request.pageToken === undefined ? {} : { pageToken: request.pageToken }),
  });
  return { items: [...page.items], nextPageToken: page.nextPageToken };
};

/** One document; one that the caller may not see is not found. */
export const get = async <Doc extends Document>(
  service: ServiceContext,
  call: Call,
  model: ModelDefinition<Doc>,
  action: string,
  kind: string,
  id: string,
): Promise<Doc> => {
  const scope = service.access.scope(call.principal, action);
  await service.caughtUp(call, model);
  const doc = await service.reader(model).get(id, scope);
  if (!doc) throw notFound(kind, id);
  return doc;
};
