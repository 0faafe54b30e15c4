import { NewerEvent, upcast, type Catalogue } from '@sanwang/kernel';
import type { MessageType } from './envelope.ts';

/** The event types that this release understands, as `<context>.<Type>`, and how older data is brought to their versions. */
export interface KnownTypes {
  readonly versions: ReadonlyMap<string, number>;
  upcast?(type: MessageType, data: unknown): unknown;
}

/** What a release knows from the catalogues it has (its own context's) beside the versions of others' public types. */
export const knownTypes = (catalogues: readonly Catalogue[], others: Iterable<readonly [string, number]> = []): KnownTypes => {
  const byContext = new Map(catalogues.map((catalogue) => [catalogue.context, catalogue]));
  const versions = new Map(others);
  for (const { context, types } of catalogues) {
    for (const eventType of types.values()) versions.set(`${context}.${eventType.type}`, eventType.version);
  }
  return {
    versions,
    upcast: (type, data) => {
      const catalogue = byContext.get(type.context);
      return catalogue ? upcast(catalogue, type.type, type.version, data) : data;
    },
  };
};

/** What to do with the messages of one `ce_type`. */
export type Verdict =
  | {
      readonly kind: 'take';
      readonly type: MessageType;
      readonly foreign: boolean;
      readonly upcast?: (data: unknown) => unknown;
      readonly version: number;
    }
  | { readonly kind: 'pass' }
  | { readonly kind: 'newer'; readonly error: NewerEvent };

/** Judges a message's type; needs neither its value nor its other headers. */
export const judge = (type: MessageType, ownContext: string, subscribes: ReadonlySet<string>, known: KnownTypes): Verdict => {
  const version = known.versions.get(type.name);
  const foreign = type.context !== ownContext;
  if (!foreign && version === undefined) {
    return { kind: 'newer', error: new NewerEvent(`${type.name} is not known to this release`) };
  }
  if (!subscribes.has(type.name)) return { kind: 'pass' };
  if (version === undefined || type.version > version) {
    const knows = version === undefined ? 'does not know it' : `knows ${version}`;
    return { kind: 'newer', error: new NewerEvent(`${type.name} has version ${type.version}; this release ${knows}`) };
  }
  if (type.version === version || !known.upcast) return { kind: 'take', type, foreign, version: type.version };
  return { kind: 'take', type, foreign, version, upcast: (data) => known.upcast!(type, data) };
};
