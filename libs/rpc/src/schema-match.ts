import { ScalarType, type DescField, type DescMessage } from '@bufbuild/protobuf';
import { FeatureSet_FieldPresence } from '@bufbuild/protobuf/wkt';
import { z } from 'zod';
import type { Api } from './api.ts';
import type { Descriptors } from './descriptors.ts';

const INT32 = 2 ** 31;

/** The schema of what may be sent, without the wrappers that only say that it may be absent. */
const inner = (schema: z.ZodType): z.ZodType => {
  if (
    schema instanceof z.ZodOptional ||
    schema instanceof z.ZodDefault ||
    schema instanceof z.ZodPrefault ||
    schema instanceof z.ZodReadonly ||
    schema instanceof z.ZodNonOptional
  ) {
    return inner(schema.unwrap() as z.ZodType);
  }
  if (schema instanceof z.ZodPipe) return inner(schema.in as z.ZodType);
  if (schema instanceof z.ZodLazy) return inner(schema.unwrap() as z.ZodType);
  return schema;
};

const hasDefault = (schema: z.ZodType): boolean =>
  schema instanceof z.ZodDefault ||
  schema instanceof z.ZodPrefault ||
  ((schema instanceof z.ZodOptional || schema instanceof z.ZodReadonly) && hasDefault(schema.unwrap() as z.ZodType)) ||
  (schema instanceof z.ZodPipe && hasDefault(schema.in as z.ZodType));

const mayBeAbsent = (schema: z.ZodType): boolean => schema._zod.optin === 'optional';

const options = (schema: z.ZodType): readonly z.ZodType[] =>
  schema instanceof z.ZodUnion ? schema.options.flatMap((option) => options(inner(option as z.ZodType))) : [schema];

type Faults = string[];

const compareText = (schema: z.ZodType, where: string, faults: Faults): void => {
  const text =
    schema instanceof z.ZodString ||
    schema instanceof z.ZodStringFormat ||
    schema instanceof z.ZodTemplateLiteral ||
    (schema instanceof z.ZodEnum && schema.options.every((option) => typeof option === 'string')) ||
    (schema instanceof z.ZodLiteral && [...schema.values].every((value) => typeof value === 'string'));
  if (!text) faults.push(`${where}: the message has a string, the schema ${schema._zod.def.type}`);
};

const compareScalar = (schema: z.ZodType, scalar: ScalarType, where: string, faults: Faults): void => {
  switch (scalar) {
    case ScalarType.STRING:
      return compareText(schema, where, faults);
    case ScalarType.BOOL:
      if (!(schema instanceof z.ZodBoolean)) faults.push(`${where}: the message has a bool, the schema ${schema._zod.def.type}`);
      return;
    case ScalarType.DOUBLE:
    case ScalarType.FLOAT:
      if (!(schema instanceof z.ZodNumber)) faults.push(`${where}: the message has a number, the schema ${schema._zod.def.type}`);
      return;
    case ScalarType.INT32:
      if (!(schema instanceof z.ZodNumber) || !schema.isInt)
        faults.push(`${where}: the message has an int32, the schema ${schema._zod.def.type}`);
      else if ((schema.maxValue ?? Infinity) >= INT32 || (schema.minValue ?? -Infinity) < -INT32)
        faults.push(`${where}: the schema allows integers beyond int32; use z.int32()`);
      return;
    default:
      faults.push(`${where}: ${ScalarType[scalar]} is not used in APIs`);
  }
};

const compareValue = (schema: z.ZodType, field: DescField, where: string, faults: Faults): void => {
  if (field.message) return compareMessage(schema, field.message, where, faults);
  for (const option of options(inner(schema))) compareScalar(option, field.scalar ?? ScalarType.STRING, where, faults);
};

const compareField = (schema: z.ZodType, field: DescField, where: string, faults: Faults): void => {
  const value = inner(schema);
  const absent = mayBeAbsent(schema);
  switch (field.fieldKind) {
    case 'list':
      if (!(value instanceof z.ZodArray)) return void faults.push(`${where}: the message repeats, the schema has ${value._zod.def.type}`);
      if (absent && !hasDefault(schema)) faults.push(`${where}: gRPC sends [] for an absent list; use .default([])`);
      return compareValue(value.element as z.ZodType, field, `${where}[]`, faults);
    case 'map':
      if (!(value instanceof z.ZodRecord)) return void faults.push(`${where}: the message has a map, the schema ${value._zod.def.type}`);
      if (absent && !hasDefault(schema)) faults.push(`${where}: gRPC sends {} for an absent map; use .default({})`);
      return compareValue(value.valueType as z.ZodType, field, `${where}{}`, faults);
    case 'scalar':
    case 'enum':
      if (absent && field.presence !== FeatureSet_FieldPresence.EXPLICIT)
        faults.push(`${where}: may be absent in the schema, so it must be optional in the message`);
      return compareValue(schema, field, where, faults);
    case 'message':
      return compareValue(schema, field, where, faults);
  }
};

const compareMessage = (schema: z.ZodType, message: DescMessage, where: string, faults: Faults): void => {
  const forms = options(inner(schema));
  if (message.typeName === 'google.protobuf.Timestamp') return forms.forEach((form) => compareText(form, where, faults));
  const named = new Set<string>();
  for (const form of forms) {
    if (!(form instanceof z.ZodObject)) {
      faults.push(`${where}: the message has ${message.name}, the schema ${form._zod.def.type}`);
      return;
    }
    if (!(form.def.catchall instanceof z.ZodNever)) faults.push(`${where}: the object is not strict; use z.strictObject`);
    for (const [key, value] of Object.entries(form.shape)) {
      named.add(key);
      const field = message.fields.find((candidate) => candidate.jsonName === key);
      if (field) compareField(value as z.ZodType, field, `${where}.${key}`, faults);
      else faults.push(`${where}.${key}: not in the message ${message.name}`);
    }
  }
  for (const { jsonName } of message.fields) {
    if (!named.has(jsonName)) faults.push(`${where}.${jsonName}: in the message, but not in the schema`);
  }
};

/**
 * Proves that the zod schema of every rpc and its proto request agree field by field: names, types, what may be absent. Throws
 * with all faults at once. (The compiler proves the same of responses.)
 */
export const assertSchemaMatchesMessage = (api: Api, descriptors: Descriptors): void => {
  const faults: Faults = [];
  for (const { key, method } of descriptors.rpcs(api.service)) {
    const handler = api.handlers[key];
    if (handler) compareMessage(handler.request, method.input, method.name, faults);
    else faults.push(`${method.name}: no handler`);
  }
  if (faults.length > 0) throw new Error(`${api.service.fullName}: schemas and messages differ\n${faults.join('\n')}`);
};
