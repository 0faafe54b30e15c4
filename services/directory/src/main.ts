import { run } from '@sanwang/platform';
import { directory } from './directory.ts';

await run(directory);
