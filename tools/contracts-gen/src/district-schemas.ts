import { globSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import {
  districtSchemaName,
  HANDED_OVER,
  HANDED_OVER_DESCRIPTION,
  HANDED_OVER_VERSION,
  handedOverSchema,
  stateSchema,
  type DistrictDeclaration,
} from '@sanwang/service';
import { z } from 'zod';
import type { JsonSchema } from './event-schemas.ts';

/** What the services tell the district bureaus: each exports `district` from `services/<context>/src/district.ts`. Sorted by context. */
export const loadDistricts = async (root: string): Promise<readonly DistrictDeclaration[]> => {
  const loaded = await Promise.all(
    globSync('services/*/src/district.ts', { cwd: root }).map(async (file) => {
      const { district } = (await import(pathToFileURL(join(root, file)).href)) as { district?: DistrictDeclaration };
      if (!district) throw new Error(`${file} does not export \`district\``);
      return district;
    }),
  );
  return loaded.toSorted((a, b) => (a.context < b.context ? -1 : 1));
};

const schemaOf = (name: string, title: string, description: string, data: z.ZodType): JsonSchema => {
  const { $schema, ...schema } = z.toJSONSchema(data, {
    target: 'draft-2020-12',
    io: 'output',
    override: ({ jsonSchema }) => {
      // Later releases may add fields, which are to be ignored.
      if (jsonSchema.additionalProperties === false) delete jsonSchema.additionalProperties;
    },
  }) as JsonSchema;
  return { $schema, $id: `/schemas/${name}`, title, description, ...schema };
};

/** The schemas of all messages on district topics, by file name. */
export const districtSchemas = (declarations: readonly DistrictDeclaration[]): Map<string, JsonSchema> =>
  new Map(
    declarations.flatMap(({ context, objects }) => {
      const named = (kind: string, version: number, description: string, data: z.ZodType): [string, JsonSchema] => {
        const name = districtSchemaName(context, kind, version);
        return [name, schemaOf(name, `district.${context}.${kind}`, description, data)];
      };
      return [
        ...objects.map((object) => named(object.kind, object.version, object.description, stateSchema(object))),
        named(HANDED_OVER, HANDED_OVER_VERSION, HANDED_OVER_DESCRIPTION, handedOverSchema),
      ].sort(([a], [b]) => (a < b ? -1 : 1));
    }),
  );
