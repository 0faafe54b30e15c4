import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { serviceFault, serviceFiles } from './new-service.ts';

const root = join(import.meta.dirname, '..', '..', '..');
let services: string;
beforeEach(() => void (services = mkdtempSync(join(tmpdir(), 'services-'))));
afterEach(() => rmSync(services, { recursive: true, force: true }));

describe('a new service', () => {
  test('is a whole one under its own names', () => {
    const files = serviceFiles({ root, services, name: 'licensing', aggregate: 'FoodPermit' });
    expect([...files.keys()]).toEqual(
      expect.arrayContaining([
        'package.json',
        'proto/sanwang/licensing/v1/licensing.proto',
        'src/licensing.ts',
        'src/food-permit/decider.ts',
        'src/food-permit/food-permit.test.ts',
        'src/models/licensing.ts',
        'values.yaml',
      ]),
    );
    const text = (path: string): string => files.get(path) ?? '';
    for (const [path, content] of files) expect([path, content]).toEqual([path, expect.not.stringMatching(/note/i)]);
    expect(text('src/food-permit/decider.ts')).toContain("'food-permit-exists'");
    expect(text('src/food-permit/events.ts')).toContain("FoodPermitWritten: defineEvent('FoodPermitWritten'");
    expect(text('src/licensing.ts')).toContain("export const licensing = defineService({\n  context: 'licensing'");
    expect(text('package.json')).toContain('"name": "@sanwang/licensing"');
    expect(text('src/main.ts')).toContain('await run(licensing);');
  });

  test.each([
    ['Licensing', 'Permit', 'lower-case letters and digits'],
    ['food-safety', 'Permit', 'lower-case letters and digits'],
    ['class', 'Permit', 'a word of the language'],
    ['there', 'Permit', 'There is a service there already.'],
    ['licensing', 'permit', 'PascalCase'],
    ['licensing', 'Licensing', "another name than the service's"],
  ])('cannot be called %s with a %s', (name, aggregate, said) => {
    mkdirSync(join(services, 'there'));
    expect(serviceFault({ services, name, aggregate })).toContain(said);
    expect(() => serviceFiles({ root, services, name, aggregate })).toThrow(said);
  });
});
