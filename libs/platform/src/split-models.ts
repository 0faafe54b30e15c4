import type { Document, ModelDefinition, ModelStore } from '@sanwang/read-model';

/** One store of models made of two: those that all instances share, and those that each has for itself. */
export const splitModels = (shared: ModelStore, own: ModelStore, isOwn: (definition: ModelDefinition) => boolean): ModelStore => {
  const of = (definition: ModelDefinition): ModelStore => (isOwn(definition) ? own : shared);
  return {
    state: (definition) => of(definition).state(definition),
    current: (definition) => of(definition).current(definition),
    live: (definition) => of(definition).live(definition),
    reader: <Doc extends Document>(definition: ModelDefinition<Doc>) => of(definition as unknown as ModelDefinition).reader(definition),
    create: (definition) => of(definition).create(definition),
    unfinished: (definition) => of(definition).unfinished(definition),
    swap: (definition, generation) => of(definition).swap(definition, generation),
    discard: (definition, generation) => of(definition).discard(definition, generation),
    async close() {
      await own.close();
      await shared.close();
    },
  };
};
