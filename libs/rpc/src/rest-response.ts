import { ScalarType, type DescField, type DescMessage } from '@bufbuild/protobuf';

type Schema = Record<string, unknown>;

const scalarSchema = (scalar: ScalarType): Schema => {
  switch (scalar) {
    case ScalarType.STRING:
      return { type: 'string' };
    case ScalarType.BOOL:
      return { type: 'boolean' };
    case ScalarType.DOUBLE:
    case ScalarType.FLOAT:
      return { type: 'number' };
    default:
      return { type: 'integer' };
  }
};

/**
 * JSON Schemas of messages, each message once: `ref` names a message's schema, `definitions` collects what was named.
 * `prefix` is where the definitions will stand, such as `#/components/schemas/`.
 */
export const messageSchemas = (
  prefix: string,
  describe: (desc: DescMessage | DescField) => Schema = () => ({}),
): { readonly definitions: Record<string, Schema>; ref(message: DescMessage): Schema } => {
  const definitions: Record<string, Schema> = {};
  const valueSchema = (field: DescField): Schema => {
    switch (field.fieldKind) {
      case 'message':
        return ref(field.message);
      case 'scalar':
        return scalarSchema(field.scalar);
      case 'enum':
        return { type: 'string' };
      case 'list':
        return { type: 'array', items: field.message ? ref(field.message) : scalarSchema(field.scalar ?? ScalarType.STRING) };
      case 'map':
        return {
          type: 'object',
          additionalProperties: field.message ? ref(field.message) : scalarSchema(field.scalar ?? ScalarType.STRING),
        };
    }
  };
  const ref = (message: DescMessage): Schema => {
    if (message.typeName === 'google.protobuf.Timestamp') return { type: 'string', format: 'date-time' };
    const name = message.typeName.split('.').slice(3).join('_');
    const key = message.typeName.startsWith('sanwang.') ? `${message.typeName.split('.')[1]}.${name}` : message.typeName;
    if (!(key in definitions)) {
      definitions[key] = {};
      Object.assign(definitions[key]!, {
        type: 'object',
        ...describe(message),
        properties: Object.fromEntries(message.fields.map((field) => [field.jsonName, { ...valueSchema(field), ...describe(field) }])),
      });
    }
    return { $ref: `${prefix}${key}` };
  };
  return { definitions, ref };
};

/** The schema by which fastify writes a response: only what the message declares leaves the process. */
export const responseSchema = (message: DescMessage): Schema => {
  const schemas = messageSchemas('#/definitions/');
  const root = schemas.ref(message);
  // A date-time format would make the serializer parse every string; instants are strings already.
  return JSON.parse(JSON.stringify({ ...root, definitions: schemas.definitions }), (key, value: unknown) =>
    key === 'format' && value === 'date-time' ? undefined : value,
  ) as Schema;
};
