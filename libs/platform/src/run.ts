import { Rejection } from '@sanwang/kernel';
import { readConfig, type ServiceDefinition } from '@sanwang/service';

const fail = (message: string): void => {
  process.stderr.write(`${message}\n`);
  process.exitCode = 1;
};

/** What is closed after the last answer may take so long; then the process ends as it is: nothing acknowledged depends on it. */
const CLOSING_SECONDS = 20;
/** Clients that an outage has left behind must not keep a stopped process alive. */
const LEFT_BEHIND_MS = 1_000;
const endAfter = (ms: number, code: typeof process.exitCode): void => void setTimeout(() => process.exit(code), ms).unref();

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
    stop.signal.addEventListener('abort', () => endAfter((config.drainSeconds + CLOSING_SECONDS) * 1_000, 1));
    await runService(definition, config, stop.signal).finally(() => endAfter(LEFT_BEHIND_MS, process.exitCode));
  } catch (error) {
    if (error instanceof Rejection && error.reason === 'configuration') return fail(error.message);
    throw error;
  }
};
