import { describe } from 'vitest';
import { benchTest, type BusFixture } from './conformance-bench.ts';
import { consuming } from './conformance-consume.ts';
import { publishing } from './conformance-publish.ts';

export { leasesConformance, type Contender, type LeasesUnderTest } from './conformance-leases.ts';
export type { BusFixture };

/** What every bus must do. */
export const busConformance = (name: string, open: () => Promise<BusFixture>): void => {
  describe(`${name}: bus`, () => {
    publishing(benchTest(open));
    consuming(benchTest(open));
  });
};
