import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

const folder = join(import.meta.dirname, '..', 'schemas');

/** The file of a public event's schema: `<context>.<Type>.v<version>.json`; of a district's message with `district.` before it. */
const NAME = /^(district\.)?[a-z][a-z-]*\.[A-Z][A-Za-z0-9]*\.v[1-9][0-9]*\.json$/;

/** The names of all public event schemas, sorted; each is served under `/schemas/<name>`. */
export const listSchemas = (): readonly string[] =>
  readdirSync(folder)
    .filter((name) => NAME.test(name))
    .sort();

/** The JSON Schema (2020-12) of that name as text, `undefined` when there is none. */
export const readSchema = (name: string): string | undefined =>
  NAME.test(name) && listSchemas().includes(name) ? readFileSync(join(folder, name), 'utf8') : undefined;
