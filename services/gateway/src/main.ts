import { run } from '@sanwang/platform';
import { gateway } from './gateway.ts';

await run(gateway);
