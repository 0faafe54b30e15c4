import { listSchemas, readAsyncApi, readSchema } from '@sanwang/contracts';
import { Parser } from '@asyncapi/parser';
import { describe, expect, test } from 'vitest';
import { asyncApi } from './asyncapi.ts';
import type { JsonSchema } from './event-schemas.ts';

interface Channel {
  readonly address: string;
  readonly messages: Readonly<Record<string, unknown>>;
}
const document = JSON.parse(readAsyncApi()) as { readonly channels: Readonly<Record<string, Channel>> };

// The parser alone takes seconds.
describe('the AsyncAPI document', { timeout: 120_000 }, () => {
  test('is valid AsyncAPI 3.0', async () => {
    const { document: parsed, diagnostics } = await new Parser().parse(readAsyncApi());
    expect(diagnostics.filter(({ severity }) => severity === 0)).toEqual([]);
    expect(parsed?.version()).toBe('3.0.0');
  });

  test('is refused by the same check when it is none', async () => {
    const { diagnostics } = await new Parser().parse(JSON.stringify({ ...document, channels: { x: { address: 1 } } }));
    expect(diagnostics.filter(({ severity }) => severity === 0)).not.toEqual([]);
  });

  test('has a message for every version of every public schema', () => {
    const messages = Object.values(document.channels).flatMap((channel) => Object.keys(channel.messages));
    expect(messages.sort()).toEqual(listSchemas().map((name) => name.replace(/\.json$/, '')));
    expect(document.channels['patrol']?.address).toBe('sanwang.patrol.v1');
    expect(document.channels['district-registration']?.address).toBe('sanwang.district.{district}.registration.v1');
  });

  test('describes nothing sealed on a district topic', () => {
    const districts = listSchemas().filter((name) => name.startsWith('district.'));
    expect(districts.length).toBeGreaterThan(0);
    for (const name of districts) expect(readSchema(name)).not.toMatch(/sealed|contact|legalRepresentative|officers|phone/);
  });

  test('keeps older versions beside the present one', () => {
    const schema = (version: number): [string, JsonSchema] => [
      `pilot.Written.v${version}.json`,
      { description: 'x', type: 'object', properties: { version: { const: version } } },
    ];
    expect(asyncApi(new Map([schema(1), schema(2)]))).toMatchObject({
      channels: { pilot: { messages: { 'pilot.Written.v1': {}, 'pilot.Written.v2': {} } } },
    });
  });
});
