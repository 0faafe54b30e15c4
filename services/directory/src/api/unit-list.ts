import type { Directory, Unit } from '@sanwang/identity';
import { invalid } from '@sanwang/kernel';

export interface UnitListRequest {
  readonly pageSize: number;
  readonly pageToken?: string | undefined;
  readonly orderBy?: string | undefined;
  readonly q?: string | undefined;
  readonly parent?: string | undefined;
  readonly kind?: string | undefined;
}

/** The place after which a page begins, in the order of the list that it came from. */
const cursorOf = (token: string | undefined, list: string): readonly [string, string] | undefined => {
  if (token === undefined) return undefined;
  try {
    const [of, ...key] = JSON.parse(Buffer.from(token, 'base64url').toString('utf8')) as unknown[];
    if (of === list && key.length === 2 && key.every((part) => typeof part === 'string')) return key as [string, string];
  } catch {
    // Told below.
  }
  throw invalid('page-token', 'pageToken', 'the nextPageToken of the page before, with the same filters, order and search');
};

/** A page of the units in force now. They are few, and which version of a unit is in force is not in any one document. */
export const listUnitsInForce = (
  directory: Pick<Directory, 'units'>,
  { pageSize, pageToken, orderBy = 'code', q, parent, kind }: UnitListRequest,
): { readonly items: readonly Unit[]; readonly nextPageToken: string | undefined } => {
  const field = orderBy.endsWith('name') ? 'name' : 'code';
  const turn = orderBy.startsWith('-') ? -1 : 1;
  const compare = (left: readonly [string, string], right: readonly [string, string]): number => {
    const index = left[0] === right[0] ? 1 : 0;
    const [one, other] = [left[index]!, right[index]!];
    if (one === other) return 0;
    return one < other ? -turn : turn;
  };
  const keyOf = (unit: Unit): readonly [string, string] => [unit[field], unit.code];
  const text = q?.trim().toLowerCase() ?? '';
  const list = JSON.stringify([orderBy, text, parent, kind]);
  const after = cursorOf(pageToken, list);
  const found = directory
    .units()
    .filter((unit) => (parent === undefined || unit.parent === parent) && (kind === undefined || unit.kind === kind))
    .filter((unit) => `${unit.code}\n${unit.name}`.toLowerCase().includes(text))
    .filter((unit) => after === undefined || compare(keyOf(unit), after) > 0)
    .sort((left, right) => compare(keyOf(left), keyOf(right)));
  const items = found.slice(0, pageSize);
  const last = items.at(-1);
  const more = found.length > items.length && last;
  return { items, nextPageToken: more ? Buffer.from(JSON.stringify([list, ...keyOf(last)])).toString('base64url') : undefined };
};
