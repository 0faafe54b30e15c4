import { run } from '@sanwang/platform';
import { registration } from './registration.ts';

await run(registration);
