import { z } from 'zod';

/**
 * A personal value (name, phone, identity number, home address of a natural person) together with the subject whose key
 * protects it. Opened while a service works with it, sealed in log and topics, erased once the subject's key is destroyed.
 * `subject` is an opaque id such as `officer.17`; it never contains the value.
 */
export type Personal = OpenedPersonal | SealedPersonal | ErasedPersonal;
export interface OpenedPersonal {
  readonly subject: string;
  readonly value: string;
}
/** AES-256-GCM: `key` names the subject's key, `iv` and `data` (ciphertext and tag) are base64. */
export interface SealedPersonal {
  readonly subject: string;
  readonly key: string;
  readonly iv: string;
  readonly data: string;
}
export interface ErasedPersonal {
  readonly subject: string;
  readonly erased: true;
}

const subject = z.string().regex(/^[a-z][a-z-]*\.[A-Za-z0-9._-]{1,120}$/);
export const sealedPersonalSchema = z.strictObject({ subject, key: z.string(), iv: z.string(), data: z.string() });
const personalSchemas = new WeakSet<z.ZodType>();

/** Marks a catalogue field as personal: the schema of an opened value, a sealed envelope or an erased marker. */
export const personal = (value: z.ZodString): z.ZodType<Personal> => {
  const schema = z.union([
    z.strictObject({ subject, value }),
    sealedPersonalSchema,
    z.strictObject({ subject, erased: z.literal(true) }),
  ]) as z.ZodType<Personal>;
  personalSchemas.add(schema);
  return schema;
};

/** The text of an opened value, `undefined` when it is sealed or erased. */
export const personalText = (field: Personal | undefined): string | undefined => (field && 'value' in field ? field.value : undefined);

const fitsShape = (field: object, texts: readonly string[], size: number): boolean =>
  texts.every((name) => typeof (field as Readonly<Record<string, unknown>>)[name] === 'string') && Object.keys(field).length === size;

/** What an object is by its shape, for readers that have another context's data but not its schema. */
export const isOpened = (field: object): field is OpenedPersonal => fitsShape(field, ['subject', 'value'], 2);
export const isSealed = (field: object): field is SealedPersonal => fitsShape(field, ['subject', 'key', 'iv', 'data'], 4);
export const isErased = (field: object): field is ErasedPersonal =>
  fitsShape(field, ['subject'], 2) && 'erased' in field && field.erased === true;

/** True for a schema made by `personal()`. */
export const isPersonalSchema = (schema: z.ZodType): boolean => personalSchemas.has(schema);

/** A field path inside an event's data; `*` stands for every element of an array. */
export type FieldPath = readonly string[];

/** The paths of all personal fields below a schema (objects, arrays, optional, nullable, unions). */
export const personalPaths = (schema: z.ZodType): readonly FieldPath[] => {
  const found = new Map<string, FieldPath>();
  const walk = (node: z.ZodType, path: FieldPath): void => {
    if (isPersonalSchema(node)) {
      found.set(path.join('.'), path);
    } else if (node instanceof z.ZodObject) {
      for (const [key, child] of Object.entries(node.shape)) walk(child as z.ZodType, [...path, key]);
    } else if (node instanceof z.ZodArray) {
      walk(node.element as z.ZodType, [...path, '*']);
    } else if (
      node instanceof z.ZodOptional ||
      node instanceof z.ZodNullable ||
      node instanceof z.ZodDefault ||
      node instanceof z.ZodReadonly
    ) {
      walk(node.unwrap() as z.ZodType, path);
    } else if (node instanceof z.ZodUnion) {
      for (const option of node.options) walk(option as z.ZodType, path);
    }
  };
  walk(schema, []);
  return [...found.values()];
};

/** Copies `data` with every personal field at `paths` replaced; the input stays as it is. */
export const mapPersonal = <T>(data: T, paths: readonly FieldPath[], change: (field: Personal) => Personal): T => {
  const at = (node: unknown, path: FieldPath): unknown => {
    if (node === undefined || node === null) return node;
    const [head, ...rest] = path;
    if (head === undefined) return change(node as Personal);
    if (head === '*') return Array.isArray(node) ? node.map((item) => at(item, rest)) : node;
    const record = node as Record<string, unknown>;
    return head in record ? { ...record, [head]: at(record[head], rest) } : node;
  };
  return paths.reduce<unknown>((copy, path) => at(copy, path), data) as T;
};
