import { describe } from 'vitest';
import { decodingConformance } from './conformance/decoding.ts';
import { projectionConformance } from './conformance/projection.ts';
import { rebuildConformance } from './conformance/rebuild.ts';
import { queryConformance } from './conformance/queries.ts';
import { sharedConformance } from './conformance/shared.ts';
import { storeConformance } from './conformance/store.ts';
import type { ModelStoreUnderTest, OpenModelStore } from './conformance/under-test.ts';

export type { ModelStoreUnderTest, OpenModelStore };

/** What every adapter of `ModelStore` must do; it asks for nothing that needs a transaction over several documents. */
export const modelStoreConformance = (name: string, open: OpenModelStore): void => {
  describe(`${name} as a model store`, () => {
    storeConformance(open);
    queryConformance(open);
    decodingConformance(open);
    projectionConformance(open);
    rebuildConformance(open);
    sharedConformance(open);
  });
};
