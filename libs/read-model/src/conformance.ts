import { describe } from 'vitest';
import type { ModelStore } from './port.ts';
import { decodingConformance } from './conformance/decoding.ts';
import { projectionConformance } from './conformance/projection.ts';
import { rebuildConformance } from './conformance/rebuild.ts';
import { queryConformance } from './conformance/queries.ts';
import { storeConformance } from './conformance/store.ts';

/** An empty store, and how to open its content again as after a restart (the former handle is then closed). */
export interface ModelStoreUnderTest {
  readonly store: ModelStore;
  reopen(): Promise<ModelStore>;
  close(): Promise<void>;
}
export type OpenModelStore = () => Promise<ModelStoreUnderTest>;

/** What every adapter of `ModelStore` must do; it asks for nothing that needs a transaction over several documents. */
export const modelStoreConformance = (name: string, open: OpenModelStore): void => {
  describe(`${name} as a model store`, () => {
    storeConformance(open);
    queryConformance(open);
    decodingConformance(open);
    projectionConformance(open);
    rebuildConformance(open);
  });
};
