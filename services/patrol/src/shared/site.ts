import type { Coordinates } from './words.ts';

const EARTH_RADIUS_METRES = 6_371_008;

/** Great-circle distance in metres, rounded. */
export const metresBetween = (from: Coordinates, to: Coordinates): number => {
  const radians = (degrees: number): number => (degrees * Math.PI) / 180;
  const sine = (degrees: number): number => Math.sin(radians(degrees) / 2) ** 2;
  const chord =
    sine(to.latitude - from.latitude) +
    Math.cos(radians(from.latitude)) * Math.cos(radians(to.latitude)) * sine(to.longitude - from.longitude);
  return Math.round(2 * EARTH_RADIUS_METRES * Math.asin(Math.min(1, Math.sqrt(chord))));
};
