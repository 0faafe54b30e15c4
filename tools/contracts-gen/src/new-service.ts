import { existsSync, globSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join, sep } from 'node:path';
import { generateFixture } from './proto.ts';
import { writeTree } from './tree.ts';

/** What a new service is to be called. */
export interface NewService {
  /** Root of the workspace, where the template and the conventions of the protos are. */
  readonly root: string;
  /** The folder of all services. */
  readonly services: string;
  /** The context: the folder's name, the export's, the prefix of its streams. */
  readonly name: string;
  /** Its first aggregate, `PascalCase`. */
  readonly aggregate: string;
}

/** Words that a service of ours cannot have as its name: it is the name of an exported constant. */
const RESERVED =
  /^(await|break|case|catch|class|const|continue|debugger|default|delete|do|else|enum|export|extends|false|finally|for|function|if|implements|import|in|instanceof|interface|let|new|null|operations|package|private|protected|public|return|static|super|switch|this|throw|true|try|typeof|var|void|while|with|yield)$/;

const kebab = (pascal: string): string => pascal.replaceAll(/(?<=[a-z0-9])(?=[A-Z])/g, '-').toLowerCase();
const camel = (pascal: string): string => pascal[0]!.toLowerCase() + pascal.slice(1);
const pascal = (name: string): string => name[0]!.toUpperCase() + name.slice(1);

/** Why this service cannot be made, as a sentence; `undefined` when it can. */
export const serviceFault = ({ services, name, aggregate }: Omit<NewService, 'root'>): string | undefined => {
  if (!/^[a-z][a-z0-9]{1,39}$/.test(name)) return `NAME: expected 2 to 40 lower-case letters and digits, such as licensing; not ${name}.`;
  if (RESERVED.test(name)) return `NAME: ${name} is a word of the language or of the platform; expected another.`;
  if (existsSync(join(services, name))) return `There is a service ${name} already.`;
  if (!/^[A-Z][A-Za-z0-9]{1,39}$/.test(aggregate)) return `--aggregate: expected PascalCase, such as FoodPermit; not ${aggregate}.`;
  if (camel(aggregate) === name)
    return `--aggregate: expected another name than the service's: what it is about, such as ${pascal(name)}Case.`;
  return undefined;
};

/** The template speaks of notes, each a Note; within quotes words are joined by hyphens. */
const renamed = (text: string, { name, aggregate }: Pick<NewService, 'name' | 'aggregate'>): string =>
  text
    .replaceAll(/'[^'\n]*'/g, (quoted) => quoted.replaceAll(/\bnote(?!s)/g, kebab(aggregate)))
    .replaceAll('@sanwang/template', `@sanwang/${name}`)
    .replaceAll(/Notes 便条/g, pascal(name))
    .replaceAll(/(N|n)ote(s?)/g, (_, first: string, plural: string) => {
      const upper = first === 'N';
      if (plural) return upper ? pascal(name) : name;
      return upper ? aggregate : camel(aggregate);
    });
const pathOf = (path: string, { name, aggregate }: Pick<NewService, 'name' | 'aggregate'>): string =>
  path.replaceAll('notes', name).replaceAll(/\bnote\b/g, kebab(aggregate));

/** What an existing service starts its process with; a new one does as the others do. */
const mainOf = (root: string, name: string): string | undefined => {
  const file = join(root, 'services', 'registration', 'src', 'main.ts');
  return existsSync(file) ? readFileSync(file, 'utf8').replaceAll('registration', name) : undefined;
};

/** The files of a service by path within its folder, made from `tools/template`, without what its proto makes. Throws what `serviceFault` says. */
export const serviceFiles = (service: NewService): ReadonlyMap<string, string> => {
  const fault = serviceFault(service);
  if (fault !== undefined) throw new Error(fault);
  const { root, name } = service;
  const files = new Map<string, string>();
  const template = join(root, 'tools', 'template');
  const own = ['package.json', 'values.yaml', ...globSync(['proto/**/*.proto', 'src/**/*.ts'], { cwd: template })];
  for (const path of own.filter((one) => !one.startsWith(join('src', 'gen')))) {
    const place = pathOf(path.split(sep).join('/'), service);
    files.set(place, renamed(readFileSync(join(template, path), 'utf8'), service));
  }
  const main = mainOf(root, name);
  if (main !== undefined) files.set('src/main.ts', main);
  return files;
};

/** Writes a service that starts, answers and is tested as it is; answers its files, relative to its folder. */
export const writeService = (service: NewService): readonly string[] => {
  const files = serviceFiles(service);
  const folder = join(service.services, service.name);
  for (const [path, text] of files) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), text);
  }
  const generated = generateFixture(service.root, join(folder, 'proto'));
  writeTree(join(folder, 'src', 'gen'), generated);
  return [...files.keys(), ...[...generated.keys()].map((path) => `src/gen/${path}`)].sort();
};
