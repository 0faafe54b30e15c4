import { drawOne } from './draw.ts';

/** A made-up officer of the replay's city, with what the directory wants to know. */
export interface Officer {
  readonly id: string;
  readonly name: string;
  readonly unit: string;
  readonly duties: readonly ('inspector' | 'dispatcher' | 'registrar' | 'directory-admin' | 'operator' | 'auditor')[];
  readonly certificate?: { readonly number: string; readonly validFrom: string; readonly validTo: string };
}

export const cityUnit = 'chi';
/** The unit responsible for a ward; without a ward the city unit itself. */
export const unitOf = (ward: number | undefined): string => (ward === undefined ? cityUnit : `${cityUnit}-ward-${twoDigits(ward)}`);
/** The area code of a ward; without a ward the whole city's. */
export const areaOf = (ward: number | undefined): string => `1714000${ward === undefined ? '' : twoDigits(ward)}`;
const twoDigits = (ward: number): string => String(ward).padStart(2, '0');

const wards = Array.from({ length: 50 }, (_, index) => index + 1);
const inspectorsPerUnit = 4;

/** The city's own posts. */
export const posts = {
  registrar: 'chi-registrar',
  dispatcher: 'chi-dispatcher',
  directoryAdmin: 'chi-directory',
  operator: 'chi-operator',
  auditor: 'chi-auditor',
} as const;

export const dispatcherOf = (ward: number | undefined): string => (ward === undefined ? posts.dispatcher : `${unitOf(ward)}-dispatcher`);
export const inspectorsOf = (ward: number | undefined): readonly string[] =>
  Array.from({ length: inspectorsPerUnit }, (_, index) => `${unitOf(ward)}-inspector-${index + 1}`);

const firstNames = [
  'Alma',
  'Bram',
  'Chen',
  'Dora',
  'Emil',
  'Fang',
  'Greta',
  'Hugo',
  'Ines',
  'Jonas',
  'Kira',
  'Liang',
  'Mona',
  'Nils',
  'Olga',
  'Pavel',
];
const lastNames = [
  'Arden',
  'Birch',
  'Calder',
  'Dunmore',
  'Elwood',
  'Fenn',
  'Garrow',
  'Hale',
  'Ivers',
  'Jessop',
  'Kettle',
  'Lorne',
  'Marsh',
  'Nook',
  'Oakes',
];

/** Every officer of the replay, made up from the seed: the city's posts, and per ward a dispatcher and inspectors with certificates. */
export const replayOfficers = (seed: string): readonly Officer[] => {
  const officer = (id: string, unit: string, duty: Officer['duties'][number]): Officer => ({
    id,
    name: `${drawOne(seed, id, 'first-name', firstNames)} ${drawOne(seed, id, 'last-name', lastNames)}`,
    unit,
    duties: [duty],
    ...(duty === 'inspector' && { certificate: { number: `MADE-UP-${id}`, validFrom: '2011-01-01', validTo: '2015-12-31' } }),
  });
  return [
    officer(posts.registrar, cityUnit, 'registrar'),
    officer(posts.dispatcher, cityUnit, 'dispatcher'),
    officer(posts.directoryAdmin, cityUnit, 'directory-admin'),
    officer(posts.operator, cityUnit, 'operator'),
    officer(posts.auditor, cityUnit, 'auditor'),
    ...inspectorsOf(undefined).map((id) => officer(id, cityUnit, 'inspector')),
    ...wards.flatMap((ward) => [
      officer(dispatcherOf(ward), unitOf(ward), 'dispatcher'),
      ...inspectorsOf(ward).map((id) => officer(id, unitOf(ward), 'inspector')),
    ]),
  ];
};

/**
 * The two officers of a visit, the leading one first. Of a ward, the same inspector's colour in the file is always the same leading
 * officer; without a colour any of the unit leads.
 */
export const visitOfficers = (
  seed: string,
  ward: number | undefined,
  id: string,
  colour: string | undefined,
): readonly [string, string] => {
  const inspectors = inspectorsOf(ward);
  const lead = drawOne(seed, colour === undefined ? id : `${unitOf(ward)} ${colour}`, 'lead', inspectors);
  const others = inspectors.filter((inspector) => inspector !== lead);
  return [lead, drawOne(seed, id, 'second', others)];
};
