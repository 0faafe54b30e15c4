import type { Document } from './port.ts';

/** Deeper than any document: what refers to itself ends here. */
const DEEPEST = 50;

const fault = (value: unknown, path: string, depth: number): string | undefined => {
  switch (typeof value) {
    case 'string':
    case 'boolean':
    case 'undefined':
      return undefined;
    case 'number':
      return Number.isFinite(value) ? undefined : `${path} is ${value}`;
    case 'bigint':
    case 'function':
    case 'symbol':
      return `${path} is a ${typeof value}`;
    case 'object':
      break;
  }
  if (value === null) return undefined;
  if (depth > DEEPEST) return `${path} lies too deep`;
  if (Array.isArray(value))
    return value.map((item, index) => fault(item, `${path}.${index}`, depth + 1)).find((found) => found !== undefined);
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype !== Object.prototype && prototype !== null) return `${path} is no plain object`;
  for (const key of Object.keys(value)) {
    const found = fault((value as Record<string, unknown>)[key], `${path}.${key}`, depth + 1);
    if (found !== undefined) return found;
  }
  return undefined;
};

/**
 * Throws a `TypeError` that names the field when JSON would lose or refuse something of the document: a store would write
 * something else than the handler made, or nothing. Fields taken over from the document before were looked at then.
 */
export const refuseUnstorable = (doc: Document, before?: Document): void => {
  for (const key of Object.keys(doc)) {
    if (before && before[key] === doc[key]) continue;
    const found = fault(doc[key], key, 0);
    if (found !== undefined) throw new TypeError(`A document must be JSON: ${found}.`);
  }
};
