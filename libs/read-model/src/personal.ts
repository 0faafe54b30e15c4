import { isOpened, isSealed, type FieldPath } from '@sanwang/kernel';
import type { Document } from './port.ts';

type Node = Readonly<Record<string, unknown>>;
const isObject = (value: unknown): value is Node => typeof value === 'object' && value !== null;

/** Copies what changes: `change` answers the replacement of an object, or `undefined` to look inside it. */
export const mapDocument = <T>(value: T, change: (node: Node) => unknown): T => {
  const at = (node: unknown): unknown => {
    if (!isObject(node)) return node;
    if (Array.isArray(node)) {
      const items = node.map(at);
      return items.some((item, index) => item !== node[index]) ? items : node;
    }
    const replaced = change(node);
    if (replaced !== undefined) return replaced;
    let copy: Record<string, unknown> | undefined;
    for (const key of Object.keys(node)) {
      const child = at(node[key]);
      if (child !== node[key]) (copy ??= { ...node })[key] = child;
    }
    return copy ?? node;
  };
  return at(value) as T;
};

/** The subjects of the opened values inside a document. */
export const openedSubjects = (doc: Document): readonly string[] => {
  const subjects = new Set<string>();
  mapDocument(doc, (node) => (isOpened(node) ? (subjects.add(node.subject), node) : undefined));
  return [...subjects];
};

/** A document with every opened or sealed value of these subjects erased; the same object when it has none. */
export const eraseSubjects = <T>(value: T, subjects: ReadonlySet<string>): T =>
  mapDocument(value, (node) => {
    if (!isOpened(node) && !isSealed(node)) return undefined;
    return subjects.has(node.subject) ? { subject: node.subject, erased: true } : node;
  });

/** The sealed values inside an event's data: their subjects, and where they are, with `*` for an array's elements. */
export const sealedFields = (data: unknown): { readonly paths: readonly FieldPath[]; readonly subjects: ReadonlySet<string> } => {
  const paths = new Map<string, FieldPath>();
  const subjects = new Set<string>();
  const walk = (node: unknown, path: FieldPath): void => {
    if (!isObject(node)) return;
    if (Array.isArray(node)) {
      for (const item of node) walk(item, [...path, '*']);
    } else if (isSealed(node)) {
      paths.set(path.join('.'), path);
      subjects.add(node.subject);
    } else {
      for (const key of Object.keys(node)) walk(node[key], [...path, key]);
    }
  };
  walk(data, []);
  return { paths: [...paths.values()], subjects };
};
