// Loads every module that a start may load, so that NODE_COMPILE_CACHE holds their compiled code.
import { flushCompileCache } from 'node:module';
import { commands } from '../tools/cli/src/commands.ts';
import { findServices } from '../libs/platform/src/services.ts';

await import('../libs/platform/src/index.ts');
await findServices();
for (const { load } of Object.values(commands)) await load();
flushCompileCache();
