import type { Coordinates } from './rows.ts';

export interface Point<T> extends Coordinates {
  readonly value: T;
}

const cellDegrees = 0.01;

/**
 * Looks up the nearest of many points of one city. Points lie in cells of 0.01 degrees; the search goes out ring by ring and stops when
 * no ring further out can hold a nearer one. Distances are flat, with longitude shrunk by the points' mean latitude. Of points equally
 * near, the first given wins.
 */
export const createNearest = <T>(points: readonly Point<T>[]): ((at: Coordinates) => T | undefined) => {
  const shrink = Math.cos(((points.reduce((sum, point) => sum + point.latitude, 0) / Math.max(points.length, 1)) * Math.PI) / 180);
  const cells = new Map<string, (Point<T> & { readonly order: number })[]>();
  const row = (latitude: number): number => Math.floor(latitude / cellDegrees);
  const column = (longitude: number): number => Math.floor((longitude * shrink) / cellDegrees);
  let [top, bottom, left, right] = [-Infinity, Infinity, Infinity, -Infinity];
  for (const [order, point] of points.entries()) {
    const [y, x] = [row(point.latitude), column(point.longitude)];
    const key = `${y} ${x}`;
    const cell = cells.get(key);
    if (cell) cell.push({ ...point, order });
    else cells.set(key, [{ ...point, order }]);
    [top, bottom, left, right] = [Math.max(top, y), Math.min(bottom, y), Math.min(left, x), Math.max(right, x)];
  }

  return (at) => {
    if (points.length === 0) return undefined;
    const [y, x] = [row(at.latitude), column(at.longitude)];
    const firstRing = Math.max(0, y - top, bottom - y, left - x, x - right);
    const lastRing = Math.max(Math.abs(y - top), Math.abs(y - bottom), Math.abs(x - left), Math.abs(x - right));
    let best: { readonly distance: number; readonly order: number; readonly value: T } | undefined;
    for (let ring = firstRing; ring <= lastRing; ring++) {
      // Every point of this ring is at least ring - 1 whole cells away.
      if (best && (ring - 1) * cellDegrees > best.distance) break;
      for (const key of ringKeys(y, x, ring)) {
        for (const point of cells.get(key) ?? []) {
          const distance = Math.hypot(point.latitude - at.latitude, (point.longitude - at.longitude) * shrink);
          if (!best || distance < best.distance || (distance === best.distance && point.order < best.order)) {
            best = { distance, order: point.order, value: point.value };
          }
        }
      }
    }
    return best?.value;
  };
};

function* ringKeys(y: number, x: number, ring: number): Generator<string> {
  if (ring === 0) {
    yield `${y} ${x}`;
    return;
  }
  for (let step = -ring; step <= ring; step++) {
    yield `${y - ring} ${x + step}`;
    yield `${y + ring} ${x + step}`;
    if (Math.abs(step) < ring) {
      yield `${y + step} ${x - ring}`;
      yield `${y + step} ${x + ring}`;
    }
  }
}
