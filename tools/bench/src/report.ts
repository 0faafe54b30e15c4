import { z } from 'zod';

const spread = z.object({ low: z.number(), high: z.number() });

/** One measured figure. `floor` was measured in the same run, in the same unit; `ratio` is figure ÷ floor where the aim is one. */
export const figureSchema = z.object({
  id: z.string(),
  name: z.string(),
  unit: z.string(),
  value: z.number(),
  floor: z.number().optional(),
  ratio: z.number().optional(),
  /** Lowest and highest round of what the aim is about. */
  spread: spread.optional(),
  /** `null`: reported, without an aim. */
  aim: z.string().nullable(),
  met: z.boolean().nullable(),
  /** What belongs to the figure and is not in it, such as the work downstream of an acknowledged command. */
  beside: z.record(z.string(), z.number()),
});
export type Figure = z.infer<typeof figureSchema>;

export const reportSchema = z.object({
  machine: z.object({
    cpu: z.string(),
    cores: z.number(),
    memoryGb: z.number(),
    os: z.string(),
    node: z.string(),
    sqlite: z.string(),
    /** Load average over a minute when the run began: others on the machine make every figure worse. */
    load: z.number(),
    date: z.string(),
  }),
  size: z.string(),
  figures: z.array(figureSchema),
});
export type Report = z.infer<typeof reportSchema>;

const significant = (value: number): string => {
  const digits = value === 0 || Math.abs(value) >= 100 ? 0 : Math.abs(value) >= 10 ? 1 : 2;
  return value.toFixed(digits);
};

/** A cell per column: id, figure, floor, ratio (lowest to highest), aim, whether it was met. */
export const reportRows = ({ figures }: Report): readonly (readonly string[])[] =>
  figures.map(({ id, name, unit, value, floor, ratio, spread: range, aim, met }) => [
    id,
    name,
    `${significant(value)} ${unit}`,
    floor === undefined ? '' : significant(floor),
    ratio === undefined ? '' : significant(ratio),
    range === undefined ? '' : `${significant(range.low)} – ${significant(range.high)}`,
    aim ?? '',
    met === null ? '' : met ? 'met' : 'missed',
  ]);
export const reportHeader = ['id', 'what', 'figure', 'floor', 'ratio', 'rounds', 'aim', ''] as const;

/** What stands beside the figures, a line each. */
export const reportNotes = ({ figures }: Report): readonly string[] =>
  figures.flatMap(({ id, beside }) => Object.entries(beside).map(([what, value]) => `${id}  ${what}: ${significant(value)}`));
