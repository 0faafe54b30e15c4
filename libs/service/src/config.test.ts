import { fileURLToPath } from 'node:url';
import { Rejection } from '@sanwang/kernel';
import { describe, expect, it } from 'vitest';
import { readConfig } from './config.ts';
import { renderConfigurationPage } from './config-page.ts';

const violations = (env: NodeJS.ProcessEnv): Readonly<Record<string, string>> => {
  try {
    readConfig(env);
  } catch (error) {
    if (!(error instanceof Rejection)) throw error;
    expect(error).toMatchObject({ code: 'invalid-argument', reason: 'configuration' });
    for (const { field } of error.violations) expect(error.message).toContain(field);
    return Object.fromEntries(error.violations.map(({ field, expected }) => [field, expected]));
  }
  return {};
};

describe('the configuration', () => {
  it('has a default for everything the embedded mode needs', () => {
    expect(readConfig({ PATH: '/bin' })).toEqual({
      mode: 'embedded',
      httpPort: 8080,
      grpcPort: 8081,
      host: '127.0.0.1',
      data: '.sanwang',
      durability: 'full',
      logLevel: 'info',
      audience: 'sanwang',
      bootstrapSubject: 'bootstrap',
      rateLimit: 1_000,
      bodyLimit: 1_048_576,
      drainSeconds: 10,
    });
  });
  it('takes what is set, and an empty variable as unset', () => {
    const config = readConfig({
      SANWANG_HTTP_PORT: '0',
      SANWANG_GRPC_PORT: '0',
      SANWANG_DURABILITY: 'normal',
      SANWANG_DATA: '',
      SANWANG_ISSUER: '',
    });
    expect(config).toMatchObject({ httpPort: 0, grpcPort: 0, durability: 'normal', data: '.sanwang' });
    expect(config).not.toHaveProperty('issuer');
  });
  it('names a misspelt variable and the one that was probably meant', () => {
    expect(violations({ SANWANG_HTTP_PROT: '80' })).toEqual({ SANWANG_HTTP_PROT: 'no such variable; did you mean SANWANG_HTTP_PORT?' });
    expect(violations({ SANWANG_LOGLEVEL: 'info' })).toEqual({ SANWANG_LOGLEVEL: 'no such variable; did you mean SANWANG_LOG_LEVEL?' });
  });
  it('lists the known variables where none is near', () => {
    expect(violations({ SANWANG_COLOUR: 'red' })['SANWANG_COLOUR']).toContain('known are SANWANG_MODE, ');
  });
  it.each([
    ['SANWANG_MODE', 'clusters'],
    ['SANWANG_HTTP_PORT', 'eighty'],
    ['SANWANG_HTTP_PORT', '65536'],
    ['SANWANG_HTTP_PORT', '-1'],
    ['SANWANG_HTTP_PORT', '80.5'],
    ['SANWANG_GRPC_PORT', '8080'],
    ['SANWANG_HOST', 'no host'],
    ['SANWANG_LOG_LEVEL', 'loud'],
    ['SANWANG_DURABILITY', 'FULL'],
    ['SANWANG_RATE_LIMIT', '1e3'],
    ['SANWANG_BODY_LIMIT', '1MB'],
    ['SANWANG_BODY_LIMIT', '0'],
    ['SANWANG_DRAIN_SECONDS', '601'],
    ['SANWANG_BOOTSTRAP_SUBJECT', 'two words'],
  ])('refuses %s=%s, says what was expected, and does not repeat the value', (variable, value) => {
    const found = violations({ [variable]: value });
    expect(Object.keys(found)).toEqual([variable]);
    expect(found[variable]).not.toBe('');
  });
  it('tells everything that is wrong at once', () => {
    const found = violations({ SANWANG_HTTP_PORT: 'x', SANWANG_LOG_LEVEL: 'x', SANWANG_DATE: 'x' });
    expect(Object.keys(found).sort()).toEqual(['SANWANG_DATE', 'SANWANG_HTTP_PORT', 'SANWANG_LOG_LEVEL']);
  });
  it('wants an external issuer and its keys together', () => {
    expect(violations({ SANWANG_ISSUER: 'https://issuer.test' })).toEqual({ SANWANG_JWKS_URL: 'a value, because SANWANG_ISSUER is set' });
    expect(violations({ SANWANG_JWKS_URL: 'https://issuer.test/keys' })).toEqual({
      SANWANG_ISSUER: 'a value, because SANWANG_JWKS_URL is set',
    });
    expect(violations({ SANWANG_ISSUER: 'x', SANWANG_JWKS_URL: 'file:///etc/keys' })).toHaveProperty('SANWANG_JWKS_URL');
  });
  it('has no bootstrap subject with an external issuer, or where it is set to nothing', () => {
    const external = { SANWANG_ISSUER: 'https://issuer.test', SANWANG_JWKS_URL: 'https://issuer.test/keys' };
    expect(readConfig(external)).not.toHaveProperty('bootstrapSubject');
    expect(readConfig({ ...external, SANWANG_BOOTSTRAP_SUBJECT: 'import-2026' }).bootstrapSubject).toBe('import-2026');
    expect(readConfig({ SANWANG_BOOTSTRAP_SUBJECT: '' })).not.toHaveProperty('bootstrapSubject');
  });
  it('is described by an up-to-date reference page', async () => {
    await expect(renderConfigurationPage()).toMatchFileSnapshot(
      fileURLToPath(new URL('../../../docs/reference/configuration.md', import.meta.url)),
    );
  });
});
