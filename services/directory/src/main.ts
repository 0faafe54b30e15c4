import { run } from '@sanwang/service';
import { directory } from './directory.ts';
await run(directory);
