import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { seedFiles } from './files.ts';

const data = join(import.meta.dirname, '../../../data');
for (const [path, text] of seedFiles()) {
  mkdirSync(dirname(join(data, path)), { recursive: true });
  writeFileSync(join(data, path), text);
  console.log(`data/${path}`);
}
