import { run } from '@sanwang/service';
import { registration } from './registration.ts';
await run(registration);
