export type Severity = 'critical' | 'serious' | 'minor';

export interface ChecklistItem {
  readonly number: string;
  readonly text: string;
  readonly severity: Severity;
}

/** How a result follows: so many violated items of one severity; `fail` leaves out what was corrected on the spot. */
export interface ConclusionRule {
  readonly fail: Partial<Readonly<Record<Severity, number>>>;
  readonly conditions: Partial<Readonly<Record<Severity, number>>>;
}

/** A version of a checklist 检查要点表 as the patrol service takes it. Critical items are the key items 重点项目. */
export interface Checklist {
  readonly code: string;
  readonly title: string;
  readonly type: 'inspection' | 'round';
  /** Local date from which the version is in force. */
  readonly validFrom: string;
  readonly items: readonly ChecklistItem[];
  readonly rule: ConclusionRule;
  /** Metres from the business above which a sign-in deviates. */
  readonly signInRadius: number;
}

const rule: ConclusionRule = { fail: { critical: 1, serious: 1 }, conditions: { critical: 1, serious: 1 } };

/** The severity of an item of the city's 45-item form by its number, `undefined` for a number that the form does not have. */
export const severityOf = (item: number): Severity | undefined => {
  if (!Number.isInteger(item) || item < 1) return undefined;
  if (item <= 14) return 'critical';
  if (item <= 29) return 'serious';
  return item <= 44 || item === 70 ? 'minor' : undefined;
};

/** Our own short wording of what each item is about; the numbers are the city's. */
const texts: readonly (readonly [number, string])[] = [
  [1, 'Food comes from an approved source and is fit to eat'],
  [2, 'Equipment keeps hot food hot and cold food cold'],
  [3, 'Perishable food is kept at a safe temperature'],
  [4, 'Raw and ready-to-eat food are kept apart'],
  [5, 'Nobody with an infectious illness handles food'],
  [6, 'Hands are washed and bare-hand contact is avoided'],
  [7, 'Utensils are washed and rinsed at the right temperature'],
  [8, 'Utensils and surfaces are disinfected at the right strength'],
  [9, 'Safe hot and cold water is at hand under pressure'],
  [10, 'Waste water is led off without backflow'],
  [11, 'There are enough working toilets for the staff'],
  [12, 'Hand basins are in reach, working and supplied'],
  [13, 'The premises are free of rodents and insects'],
  [14, 'Serious items of the last inspection have been corrected'],
  [15, 'Food once served is not served again'],
  [16, 'Food is covered and protected in storage and display'],
  [17, 'Frozen food is thawed safely'],
  [18, 'Openings are closed against pests and no traces are found'],
  [19, 'Waste containers outside are closed and sufficient'],
  [20, 'The place of the waste containers is clean'],
  [21, 'A certified food manager is present'],
  [22, 'Dishwashers have working thermometers and gauges'],
  [23, 'Dishes are scraped and pre-rinsed before washing'],
  [24, 'Dishwashing facilities suit their use and are kept up'],
  [25, 'Poisonous substances are labelled and stored apart'],
  [26, 'Customers have the toilets that the rules require'],
  [27, 'Toilet rooms are clean and supplied'],
  [28, 'The last inspection result is on display'],
  [29, 'Minor items of the last inspection have been corrected'],
  [30, 'Food taken from its package is labelled and dated'],
  [31, 'Clean utensils are stored clean and dry'],
  [32, 'Surfaces in contact with food are sound and easy to clean'],
  [33, 'Equipment and surfaces are clean'],
  [34, 'Floors are sound and clean'],
  [35, 'Walls and ceilings are sound and clean'],
  [36, 'Lighting is sufficient and lamps are shielded'],
  [37, 'Doors of toilet and changing rooms close by themselves'],
  [38, 'Ventilation and plumbing are sound'],
  [39, 'Linen is clean and stored apart'],
  [40, 'Refrigerators have accurate thermometers in sight'],
  [41, 'The premises are tidy and free of what is not used'],
  [42, 'Staff wear clean clothes and keep their hair covered'],
  [43, 'Ice and food scoops are stored in a clean place'],
  [44, 'Only authorised persons are in the food rooms'],
  [70, 'Smoking rules are kept and posted'],
];

const item = ([number, text]: readonly [number, string]): ChecklistItem => ({
  number: String(number),
  text,
  severity: severityOf(number)!,
});

/** The 45-item form of food inspections, items 1 to 44 and 70. */
export const inspectionForm: Checklist = {
  code: 'food-inspection-45',
  title: 'Food inspection, 45 items',
  type: 'inspection',
  validFrom: '2011-01-01',
  items: texts.map(item),
  rule,
  signInRadius: 200,
};

/** What a round 巡查 looks at: items of the same form that are seen without entering the kitchen. */
export const roundForm: Checklist = {
  code: 'food-round',
  title: 'Round of food businesses',
  type: 'round',
  validFrom: '2011-01-01',
  items: texts.filter(([number]) => [16, 19, 20, 28, 34, 41].includes(number)).map(item),
  rule,
  signInRadius: 200,
};
