import { run } from '@sanwang/service';
import { patrol } from './patrol.ts';
await run(patrol);
