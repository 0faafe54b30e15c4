import type { Corrected, Moved, Registered } from './events.ts';

type Correctable = Pick<Registered, 'name' | 'businessType' | 'licences' | 'contact' | 'legalRepresentative'>;
type Movable = Pick<Registered, 'address' | 'coordinates' | 'area'>;

/** A business after `BusinessCorrected`: a person that `changed` names is taken over, or removed when absent. */
export const withCorrection = <Known extends Correctable>(
  known: Known,
  { name, businessType, licences, changed, ...persons }: Corrected,
): Known => {
  const next = { ...known, name, businessType, licences };
  for (const field of ['contact', 'legalRepresentative'] as const) {
    if (!changed.includes(field)) continue;
    const person = persons[field];
    if (person) next[field] = person;
    else delete next[field];
  }
  return next;
};

/** A business after `BusinessMoved`: coordinates that are not known are not kept from the old address. */
export const withMove = <Known extends Movable>(known: Known, { address, coordinates, area }: Moved): Known => {
  const next = { ...known, address, area };
  if (coordinates) next.coordinates = coordinates;
  else delete next.coordinates;
  return next;
};
