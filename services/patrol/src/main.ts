import { run } from '@sanwang/platform';
import { patrol } from './patrol.ts';

await run(patrol);
