// Shows JSON Schemas as text for people, and makes an example of each.

export const resolve = (document, node) => {
  if (!node || !node.$ref) return node ?? {};
  const target = node.$ref
    .slice(2)
    .split('/')
    .reduce((at, key) => at?.[key], document);
  return { ...resolve(document, target), ...Object.fromEntries(Object.entries(node).filter(([key]) => key !== '$ref')) };
};

/** A few words: type, format, range, choices. */
export const typeText = (document, given) => {
  const schema = resolve(document, given);
  if (schema.const !== undefined) return JSON.stringify(schema.const);
  if (schema.enum) return schema.enum.join(' | ');
  const forms = schema.anyOf ?? schema.oneOf;
  if (forms) return forms.map((form) => typeText(document, form)).join(' or ');
  if (schema.type === 'array') return `list of ${typeText(document, schema.items)}`;
  if (schema.type === 'object' && typeof schema.additionalProperties === 'object')
    return `map of ${typeText(document, schema.additionalProperties)}`;
  return [schema.type ?? 'any', schema.format].filter(Boolean).join(', ');
};

export const limitsText = (document, given) => {
  const schema = resolve(document, given);
  const parts = [];
  const range = (low, high, unit) => {
    const unbounded = (value) => value === undefined || Math.abs(value) >= 2 ** 31 - 1;
    if (!unbounded(low) && !unbounded(high)) parts.push(`${low} to ${high}${unit}`);
    else if (!unbounded(low)) parts.push(`at least ${low}${unit}`);
    else if (!unbounded(high)) parts.push(`at most ${high}${unit}`);
  };
  range(schema.minimum, schema.maximum, '');
  range(schema.minLength, schema.maxLength, ' characters');
  range(schema.minItems, schema.maxItems, ' items');
  if (schema.pattern && !schema.format) parts.push(schema.pattern);
  if (schema.default !== undefined) parts.push(`default ${JSON.stringify(schema.default)}`);
  return parts.join(' · ');
};

/** The fields below a schema, flattened: name with dots, schema, required. */
export const fieldsOf = (document, given, prefix = '', depth = 0) => {
  const schema = resolve(document, given);
  return Object.entries(schema.properties ?? {}).flatMap(([key, property]) => {
    const name = prefix + key;
    const own = { name, schema: property, required: (schema.required ?? []).includes(key), depth };
    const inner = resolve(document, property);
    const item = inner.type === 'array' ? resolve(document, inner.items) : inner;
    const below = depth < 5 && item.properties ? fieldsOf(document, item, `${name}${inner.type === 'array' ? '[]' : ''}.`, depth + 1) : [];
    return [own, ...below];
  });
};

export const exampleOf = (document, given, depth = 0) => {
  const schema = resolve(document, given);
  if (schema.examples?.length) return schema.examples[0];
  if (schema.default !== undefined) return schema.default;
  if (schema.const !== undefined) return schema.const;
  if (schema.enum) return schema.enum[0];
  const forms = schema.anyOf ?? schema.oneOf;
  if (forms) return exampleOf(document, forms[0], depth);
  if (schema.type === 'object') {
    const required = schema.required ?? [];
    const shown = Object.entries(schema.properties ?? {}).filter(([key]) => required.includes(key));
    return depth > 5 ? {} : Object.fromEntries(shown.map(([key, property]) => [key, exampleOf(document, property, depth + 1)]));
  }
  if (schema.type === 'array') return schema.minItems ? [exampleOf(document, schema.items, depth + 1)] : [];
  if (schema.type === 'integer' || schema.type === 'number') return Math.max(0, schema.minimum ?? 0);
  if (schema.type === 'boolean') return false;
  if (schema.format === 'date-time') return new Date().toISOString();
  if (schema.format === 'date') return new Date().toISOString().slice(0, 10);
  return '';
};
