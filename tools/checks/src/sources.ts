/** An import found in a source file: `from` is the file, relative to the root. */
export interface SourceImport {
  readonly file: string;
  readonly specifier: string;
}

const importPattern =
  /(?:^|\n)\s*(?:import|export)\s[^'";]*?from\s*['"]([^'"]+)['"]|(?:^|\n)\s*import\s*['"]([^'"]+)['"]|\bimport\(\s*['"]([^'"]+)['"]\s*\)/g;

/** The specifiers that a TypeScript source imports, re-exports or loads lazily by a literal. */
export const importsOf = (source: string): readonly string[] =>
  [...source.matchAll(importPattern)].map((match) => (match[1] ?? match[2] ?? match[3])!);

const depthOutside = (file: string, specifier: string): boolean => {
  const [group, name] = file.split('/');
  const parts = file.split('/').slice(0, -1);
  for (const step of specifier.split('/')) {
    if (step === '..') parts.pop();
    else if (step !== '.') parts.push(step);
  }
  return parts[0] !== group || parts[1] !== name;
};

/** A folder of a service that holds an aggregate (it has a `decider.ts`), or the vocabulary that its aggregates share. */
export const isAggregateFile = (file: string, aggregateFolders: ReadonlySet<string>): boolean =>
  !file.endsWith('.test.ts') && aggregateFolders.has(file.slice(0, file.lastIndexOf('/')));

const aggregateMayImport = /^(@sanwang\/(kernel|statutory)|zod|\.\/.*|\.\.\/shared\/[^/]+)$/;

/** What starts a service is its `main.ts`; all else of it knows ports only. */
const isPlatformReach = (file: string, specifier: string): boolean =>
  /^@sanwang\/platform(\/|$)/.test(specifier) &&
  file.startsWith('services/') &&
  !/^services\/[^/]+\/src\/(main\.ts$|.*\.test\.ts$|fixture\/)/.test(file);

/** What is wrong with one import, as a sentence; `undefined` when nothing is. */
export const sourceFault = ({ file, specifier }: SourceImport, aggregateFolders: ReadonlySet<string>): string | undefined => {
  if (specifier.startsWith('.') && depthOutside(file, specifier)) return `${file}: reaches into another package by ${specifier}`;
  if (specifier.startsWith('@sanwang/') && specifier.includes('/src/')) return `${file}: reaches past the exports of ${specifier}`;
  if (isPlatformReach(file, specifier)) return `${file}: only main.ts of a service, and tests, import @sanwang/platform`;
  if (isAggregateFile(file, aggregateFolders) && !aggregateMayImport.test(specifier)) {
    return `${file}: an aggregate imports kernel and statutory only, not ${specifier}`;
  }
  return undefined;
};
