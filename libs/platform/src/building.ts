import type { ModelDefinition, ModelStore } from '@sanwang/read-model';
import type { RunningModel } from '@sanwang/service';
import type { Logger } from '@sanwang/telemetry';
import type { Rebuilding } from './rebuilding.ts';

/** Models that the log's events never reached, or that are of another version, are built from the log in one reading of it. */
export const buildMissing = async (
  definitions: readonly ModelDefinition[],
  parts: { readonly models: ModelStore; readonly rebuilding: Rebuilding; readonly logger: Logger; readonly signal?: AbortSignal },
): Promise<void> => {
  const isDue = async (definition: ModelDefinition): Promise<boolean> => (await parts.models.state(definition)) !== 'live';
  const missing: ModelDefinition[] = [];
  for (const definition of definitions) if (await isDue(definition)) missing.push(definition);
  if (missing.length === 0) return;
  parts.logger.info({ count: missing.length }, 'read models are missing or of another version: they are built from the log');
  await parts.rebuilding.rebuildAll(missing, { isDue, ...(parts.signal && { signal: parts.signal }) });
};

/** A model whose place on the bus has expired there goes on from the log: it is rebuilt. */
export const rebuildExpired = async (
  models: readonly RunningModel[],
  parts: { readonly rebuilding: Rebuilding; readonly logger: Logger; readonly signal: AbortSignal },
): Promise<void> => {
  const isExpired = ({ consumer }: RunningModel): boolean => consumer.status().reason === 'offset-expired';
  const expired = models.filter(isExpired);
  if (expired.length === 0) return;
  const runningOf = (definition: ModelDefinition): RunningModel => expired.find((model) => model.definition === definition)!;
  parts.logger.warn(
    { models: expired.map(({ consumer }) => consumer.status().name) },
    'the bus no longer holds what models have yet to take in: they are rebuilt from the log',
  );
  await parts.rebuilding.rebuildAll(
    expired.map(({ definition }) => definition),
    {
      isDue: async (definition) => isExpired(runningOf(definition)),
      takeOver: (definition, swap) => runningOf(definition).takeOver(swap),
      signal: parts.signal,
    },
  );
};
