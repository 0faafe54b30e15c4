import type { FieldFilter, ModelDefinition } from '@sanwang/read-model';
import { notFound } from '@sanwang/kernel';
import type { Call } from '@sanwang/rpc';
import { listFields, pageOf, searchField, type ServiceContext } from '@sanwang/service';
import type { Document } from '@sanwang/read-model';

/** Paging, sorting and search of every list; `fields` are those that it can be sorted by. */
export const paging = <const Field extends string>(...fields: readonly [Field, ...Field[]]) => ({ ...listFields(fields), ...searchField });

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
  request: Parameters<typeof pageOf>[0],
  options: { readonly where: readonly FieldFilter[]; readonly orderBy: string },
): Promise<{ items: Doc[]; nextPageToken: string | undefined }> => {
  const scope = service.access.scope(call.principal, action);
  await service.caughtUp(call, model);
  const page = await service
    .reader(model)
    .query({ ...pageOf({ ...request, orderBy: request.orderBy ?? options.orderBy }), scope, where: options.where });
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
