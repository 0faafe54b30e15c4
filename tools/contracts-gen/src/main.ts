import { existsSync, globSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { loadCatalogues } from './catalogues.ts';
import { joinDeployFacts } from './deploy-facts.ts';
import { eventSchemas, nextFolder, textOf, type JsonSchema, type Released } from './event-schemas.ts';
import { eventTypes } from './event-types.ts';
import { generateFixture, generateProtos, lintProtos } from './proto.ts';
import { differences, readTree, writeTree, type Tree } from './tree.ts';

// npm run generate [-- --check | --release]: writes libs/contracts from proto/ and the services' event catalogues,
// and the chart's facts from services/*/values.yaml. With --check it
// only compares; with --release it freezes the schemas of all public events as they are now.
const root = dirname(dirname(dirname(import.meta.dirname)));
const check = process.argv.includes('--check');
const release = process.argv.includes('--release');
const SCHEMAS = 'libs/contracts/schemas';

/** Writes a generated folder, or only compares it; the paths that were stale. */
const settle = (folder: string, wanted: Tree): readonly string[] => {
  const stale = differences(wanted, readTree(join(root, folder)));
  if (!check) writeTree(join(root, folder), wanted);
  return stale.map((path) => `${folder}/${path}`);
};

const generate = async (): Promise<readonly string[]> => {
  lintProtos(root);
  const protos = generateProtos(root);
  // The services' code imports what comes from the protos: it has to be there before the catalogues can be read.
  const stale = existsSync(join(root, 'libs/contracts/src/gen')) ? [] : settle('libs/contracts/src/gen', protos);
  const schemas = eventSchemas(await loadCatalogues(root));
  // The services' frame reads the contracts too.
  const { asyncApi } = await import('./asyncapi.ts');
  const { districtSchemas, loadDistricts } = await import('./district-schemas.ts');
  const published = new Map([...schemas, ...districtSchemas(await loadDistricts(root))]);
  const found = [...readTree(join(root, SCHEMAS))].map(([name, bytes]): [string, string] => [name, Buffer.from(bytes).toString('utf8')]);
  const released = JSON.parse(new Map(found).get('released.json') ?? '{}') as Released;
  const folder = nextFolder(published, { files: new Map(found), released }, release);
  const texts = new Map([...folder.files, ['released.json', `${JSON.stringify(folder.released, null, 2)}\n`] as const]);
  const described = new Map([...folder.files].map(([name, text]) => [name, JSON.parse(text) as JsonSchema]));
  const generated = { 'events.ts': eventTypes(schemas), 'asyncapi.json': textOf(asyncApi(described)) };
  return [
    ...stale,
    ...settle(
      'libs/contracts/src/gen',
      new Map([...protos, ...Object.entries(generated).map(([name, text]) => [name, Buffer.from(text)] as const)]),
    ),
    ...settle('libs/rpc/src/fixture/gen', generateFixture(root, join(root, 'libs/rpc/src/fixture/proto'))),
    // Services that bring their own protos along.
    ...globSync('{services,tools}/*/proto', { cwd: root }).flatMap((folder) =>
      settle(join(dirname(folder), 'src', 'gen'), generateFixture(root, join(root, folder))),
    ),
    ...settle('charts/sanwang/facts', new Map([['services.yaml', Buffer.from(joinDeployFacts(join(root, 'services')))]])),
    ...settle(SCHEMAS, new Map([...texts].map(([name, text]) => [name, Buffer.from(text)]))),
  ];
};

try {
  const stale = await generate();
  for (const path of stale) console.log(check ? `stale: ${path}` : `wrote ${path}`);
  if (stale.length === 0) console.log('contracts are up to date');
  else if (check) {
    console.error('what is generated is not what would be generated: run `npm run generate` and commit the result');
    process.exitCode = 1;
  }
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}
