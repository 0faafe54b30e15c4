import { run } from '@sanwang/service';
import { overview } from './overview.ts';
await run(overview);
