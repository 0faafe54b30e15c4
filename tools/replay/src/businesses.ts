import { areaOf } from './officers.ts';
import type { Coordinates, Row } from './rows.ts';
import type { Placed } from './wards.ts';

/** A business as the registration service takes it. */
export interface BusinessFacts {
  readonly number: { readonly kind: 'local'; readonly value: string; readonly authority: string };
  readonly name: string;
  readonly businessType: string;
  readonly address: string;
  readonly coordinates?: Coordinates;
  readonly area: string;
  readonly licences: readonly { readonly number: string; readonly kind: string; readonly validFrom?: string; readonly validTo?: string }[];
  readonly riskGrade?: 'A' | 'B' | 'C';
}

/** A business as it stands at one row, and what the row changes about it. */
export interface BusinessAt {
  readonly businessId: string;
  readonly name: string;
  readonly address: string;
  readonly area: string;
  readonly ward: number | undefined;
  readonly coordinates?: Coordinates;
  readonly renamed: boolean;
  readonly moved: boolean;
}

export interface Businesses {
  /** By business id: what is registered, from the licence's first row. */
  readonly registrations: ReadonlyMap<string, BusinessFacts>;
  /** In the rows' order. */
  readonly at: readonly BusinessAt[];
}

export const authority = 'chi';
export const businessIdOf = (licence: string): string => `local.${authority}.${licence}`;

/** Follows each licence through its rows, in order of date and then of the file. */
export const followBusinesses = (rows: readonly Row[], placed: readonly Placed[]): Businesses => {
  const registrations = new Map<string, BusinessFacts>();
  const last = new Map<string, BusinessAt>();
  const at = new Array<BusinessAt>(rows.length);
  for (const index of inOrderOfDate(rows)) {
    const row = rows[index]!;
    const { ward } = placed[index]!;
    const businessId = businessIdOf(row.licence);
    const before = last.get(businessId);
    const area = areaOf(ward);
    const sameAddress = before?.address === row.address;
    const coordinates = row.coordinates ?? (sameAddress ? before.coordinates : undefined);
    const now: BusinessAt = {
      businessId,
      name: row.name,
      address: row.address,
      area,
      ward,
      ...(coordinates && { coordinates }),
      renamed: before !== undefined && before.name !== row.name,
      moved: before !== undefined && (!sameAddress || before.area !== area),
    };
    if (!before) registrations.set(businessId, factsOf(row, now));
    last.set(businessId, now);
    at[index] = now;
  }
  return { registrations, at };
};

const inOrderOfDate = (rows: readonly Row[]): readonly number[] =>
  rows.map((_, index) => index).sort((a, b) => (rows[a]!.date < rows[b]!.date ? -1 : rows[a]!.date > rows[b]!.date ? 1 : a - b));

const grades = { high: 'C', medium: 'B', low: 'A' } as const;

const factsOf = (row: Row, { name, address, area, coordinates }: BusinessAt): BusinessFacts => {
  const { licenceFrom: validFrom, licenceTo: validTo } = row;
  const dated = validFrom !== undefined && validTo !== undefined && validFrom <= validTo;
  return {
    number: { kind: 'local', value: row.licence, authority },
    name,
    businessType: slug(row.facilityType ?? 'unspecified'),
    address,
    ...(coordinates && { coordinates }),
    area,
    licences: [{ number: row.licence, kind: slug(row.licenceKind ?? 'unspecified'), ...(dated && { validFrom, validTo }) }],
    ...(row.risk && { riskGrade: grades[row.risk] }),
  };
};

const slug = (text: string): string =>
  text
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '-')
    .slice(0, 60)
    .replaceAll(/^-+|-+$/g, '') || 'unspecified';
