import { startTracing } from './sdk.ts';

/** For `node --import @sanwang/telemetry/preload`: traces from the first module on, when an endpoint is configured. */
const tracing = await startTracing(process.env);
if (tracing) process.once('beforeExit', () => void tracing.shutdown());
