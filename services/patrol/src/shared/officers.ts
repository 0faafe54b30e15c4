import type { TaskType } from './words.ts';

/** What a decision about an officer needs from the directory. Dates are local and inclusive. */
export interface OfficerFact {
  readonly id: string;
  /** Belongs to the unit in question or to one below it. */
  readonly inUnit: boolean;
  readonly active: boolean;
  /** Has the duty of an inspector. */
  readonly inspector: boolean;
  readonly certificate?: { readonly number: string; readonly validFrom: string; readonly validTo: string } | undefined;
}

/** An inspection 监督检查 is made by at least two officers with certificates (程序规定 art. 22; 食品生产经营监督检查管理办法 art. 23). */
export const officersNeeded = (type: TaskType): number => (type === 'inspection' ? 2 : 1);

/** Why an officer may not do work of this type on a local day, `undefined` when nothing stands against it. */
export const unfit = (officer: OfficerFact, type: TaskType, on: string): string | undefined => {
  if (!officer.active) return 'an officer in active service';
  if (!officer.inspector) return 'an officer with the duty of an inspector';
  if (!officer.inUnit) return "an officer of the task's unit";
  if (type === 'round') return undefined;
  const certificate = officer.certificate;
  if (!certificate || on < certificate.validFrom || on > certificate.validTo) return `an officer with a certificate valid on ${on}`;
  return undefined;
};

/**
 * Proposes officers by rotation: the fit ones in id order, beginning at a place that follows from `seed` (the task's id) and
 * moves on with each earlier assignment of the same task. Fewer than needed: all that are fit.
 */
export const propose = (officers: readonly OfficerFact[], type: TaskType, on: string, seed: string, earlier: number): readonly string[] => {
  const fit = officers.filter((officer) => unfit(officer, type, on) === undefined).map((officer) => officer.id);
  fit.sort();
  const count = Math.min(officersNeeded(type), fit.length);
  const start = spread(seed) + earlier * count;
  return Array.from({ length: count }, (_, index) => fit[(start + index) % fit.length]!);
};

/** FNV-1a: spreads ids evenly; the same on every machine. */
const spread = (text: string): number => {
  let hash = 0x811c9dc5;
  for (let index = 0; index < text.length; index++) hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193) >>> 0;
  return hash;
};
