import { run } from '@sanwang/platform';
import { overview } from './overview.ts';

await run(overview);
