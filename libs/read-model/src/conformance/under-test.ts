import type { ModelStore } from '../port.ts';

/** An empty store, and how to open its content again as after a restart (the former handle is then closed). */
export interface ModelStoreUnderTest {
  readonly store: ModelStore;
  reopen(): Promise<ModelStore>;
  close(): Promise<void>;
}
export type OpenModelStore = () => Promise<ModelStoreUnderTest>;
