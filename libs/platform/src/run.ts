import { Rejection } from '@sanwang/kernel';
import { readConfig, type ServiceDefinition } from '@sanwang/service';

const fail = (message: string): void => {
  process.stderr.write(`${message}\n`);
  process.exitCode = 1;
};

/**
 * Runs one service of a cluster in this process until SIGTERM or SIGINT, then drains it: all of a service's `main.ts`. A wrong
 * configuration ends it with exit code 1 and the names of the variables.
 */
export const run = async (definition: ServiceDefinition): Promise<void> => {
  const stop = new AbortController();
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => stop.abort());
  try {
    const config = readConfig(process.env);
    if (config.mode !== 'cluster') {
      return fail(
        `SANWANG_MODE: expected cluster, where ${definition.context} is a process of its own; \`npm start\` runs all services in one.`,
      );
    }
    // What only a cluster needs is loaded here, so that the embedded mode does not.
    const { runService } = await import('./run-service.ts');
    await runService(definition, config, stop.signal);
  } catch (error) {
    if (error instanceof Rejection && error.reason === 'configuration') return fail(error.message);
    throw error;
  }
};
