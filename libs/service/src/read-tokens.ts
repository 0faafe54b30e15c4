import { decodeReadToken } from '@sanwang/event-store';
import type { Consumer } from '@sanwang/messaging';
import type { ModelDefinition } from '@sanwang/read-model';

/** A running model: its declaration and the consumer that feeds it. */
export interface RunningModel {
  readonly definition: ModelDefinition;
  readonly consumer: Consumer;
}

/** The contexts whose events a model takes in. */
export const contextsOf = (definition: ModelDefinition): ReadonlySet<string> =>
  new Set(Object.keys(definition.on).map((type) => type.slice(0, type.indexOf('.'))));

/** Waits until every given model has passed those of the tokens that concern it, or the deadline (wall, ms) is over. */
export const awaitTokens = async (models: readonly RunningModel[], readTokens: readonly string[], deadline: number): Promise<void> => {
  if (readTokens.length === 0) return;
  const tokens = readTokens.map(decodeReadToken);
  await Promise.all(
    models.flatMap(({ definition, consumer }) => {
      const contexts = contextsOf(definition);
      return tokens
        .filter((token) => contexts.has(token.context))
        .map((token) => consumer.waitFor(token.context, token.partition, token.position, deadline));
    }),
  );
};
