import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { newIssuerKey, newServiceKeys } from '@sanwang/identity';
import { Rejection } from '@sanwang/kernel';
import { makeTls } from '@sanwang/testing/tls';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readConfig, readEmbeddedConfig } from './config.ts';

let folder: string;
let trial: NodeJS.ProcessEnv;
let external: NodeJS.ProcessEnv;
const place = (name: string, content: string): string => {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
};

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'sanwang-config-'));
  const keys = await newServiceKeys(['patrol', 'directory']);
  const tls = await makeTls();
  const { SANWANG_LOCAL_ISSUER_FILE, ...common } = {
    SANWANG_MODE: 'cluster',
    SANWANG_KURRENTDB: 'kurrentdb://admin:hunter2@kurrent.test:2113?tls=false',
    SANWANG_KAFKA: 'kafka://sanwang:hunter2@k1.test:9092,k2.test:9092?tls=true',
    SANWANG_MONGODB: 'mongodb://sanwang:hunter2@m1.test:27017,m2.test:27017/sanwang',
    SANWANG_MASTER_KEY_FILE: place('master-key', `${randomBytes(32).toString('base64')}\n`),
    SANWANG_SERVICE_KEY_FILE: place('patrol.json', JSON.stringify(keys.privateKeys['patrol'])),
    SANWANG_SERVICE_KEYS_FILE: place('services.json', JSON.stringify(keys.publicKeys)),
    SANWANG_LOCAL_ISSUER_FILE: place('issuer.json', JSON.stringify(await newIssuerKey())),
    SANWANG_SERVICES: 'dns:///sanwang-{service}:8081',
    SANWANG_TLS_CERT_FILE: place('tls.crt', tls.cert),
    SANWANG_TLS_KEY_FILE: place('tls.key', tls.key),
    SANWANG_TLS_CA_FILE: place('ca.crt', tls.ca),
  };
  trial = { ...common, SANWANG_PROFILE: 'trial', SANWANG_LOCAL_ISSUER_FILE };
  external = { ...common, SANWANG_ISSUER: 'https://issuer.test', SANWANG_JWKS_URL: 'https://issuer.test/keys' };
});
afterAll(() => rmSync(folder, { recursive: true }));

const violations = (env: NodeJS.ProcessEnv): Readonly<Record<string, string>> => {
  try {
    readConfig(env);
  } catch (error) {
    if (!(error instanceof Rejection)) throw error;
    expect(error.message).not.toContain('hunter2');
    return Object.fromEntries(error.violations.map(({ field, expected }) => [field, expected]));
  }
  return {};
};

describe('the configuration of a cluster', () => {
  it('reads addresses, and what is in the files', () => {
    expect(readConfig(external)).toMatchObject({
      mode: 'cluster',
      profile: 'production',
      kafka: trial['SANWANG_KAFKA'],
      services: 'dns:///sanwang-{service}:8081',
      scratch: join(tmpdir(), 'sanwang'),
      serviceKey: { kid: 'service:patrol' },
      issuer: 'https://issuer.test',
    });
    const config = readConfig(trial);
    expect(config).toMatchObject({ profile: 'trial', bootstrapSubject: 'bootstrap' });
    expect(config.mode === 'cluster' && config.masterKey).toHaveLength(32);
  });
  it('names everything that is missing', () => {
    expect(Object.keys(violations({ SANWANG_MODE: 'cluster' })).sort()).toEqual([
      'SANWANG_ISSUER',
      'SANWANG_KAFKA',
      'SANWANG_KURRENTDB',
      'SANWANG_MASTER_KEY_FILE',
      'SANWANG_MONGODB',
      'SANWANG_SERVICES',
      'SANWANG_SERVICE_KEYS_FILE',
      'SANWANG_SERVICE_KEY_FILE',
      'SANWANG_TLS_CA_FILE',
      'SANWANG_TLS_CERT_FILE',
      'SANWANG_TLS_KEY_FILE',
    ]);
  });
  it('takes no variable of the other mode', () => {
    expect(violations({ ...external, SANWANG_DATA: '/data' })['SANWANG_DATA']).toContain(
      'no value: it means nothing with SANWANG_MODE=cluster',
    );
    expect(violations({ SANWANG_KAFKA: 'kafka://h:9092' })['SANWANG_KAFKA']).toContain('SANWANG_MODE=embedded');
  });
  it('permits the local issuer in a trial only, and one issuer at a time', () => {
    expect(violations({ ...trial, SANWANG_PROFILE: 'production' })['SANWANG_LOCAL_ISSUER_FILE']).toContain(
      'the production profile trusts an issuer',
    );
    expect(Object.keys(violations({ ...trial, SANWANG_LOCAL_ISSUER_FILE: '' }))).toEqual(['SANWANG_LOCAL_ISSUER_FILE']);
    expect(violations({ ...external, ...trial })['SANWANG_LOCAL_ISSUER_FILE']).toBe('no value, because SANWANG_ISSUER is set');
  });
  it.each([
    ['SANWANG_KURRENTDB', 'http://host:2113'],
    ['SANWANG_KAFKA', 'host:9092'],
    ['SANWANG_KAFKA', 'kafka://user:hunter2@host'],
    ['SANWANG_MONGODB', 'host:27017'],
    ['SANWANG_PROFILE', 'Trial'],
    ['SANWANG_SERVICES', 'patrol'],
    ['SANWANG_SERVICES', 'patrol=host'],
    ['SANWANG_SERVICES', 'patrol=one.test:8081,patrol=two.test:8081'],
    ['SANWANG_SERVICES', 'http://{service}:8081'],
    ['SANWANG_SERVICES', '{service}:99999'],
  ])('refuses %s=%s', (variable, value) => {
    expect(Object.keys(violations({ ...external, [variable]: value }))).toEqual([variable]);
  });
  it('tells a missing file from one that holds something else', () => {
    const told = (variable: string, content: string) => violations({ ...external, [variable]: place('other', content) });
    expect(violations({ ...external, SANWANG_MASTER_KEY_FILE: join(folder, 'nowhere') })).toEqual({
      SANWANG_MASTER_KEY_FILE: 'a file with 32 bytes in base64; there is no such file',
    });
    expect(violations({ ...external, SANWANG_TLS_CA_FILE: folder })['SANWANG_TLS_CA_FILE']).toContain('this is a folder');
    expect(told('SANWANG_MASTER_KEY_FILE', randomBytes(31).toString('base64'))).toEqual({
      SANWANG_MASTER_KEY_FILE: 'a file with 32 bytes in base64; the file holds something else',
    });
    for (const variable of ['SANWANG_SERVICE_KEY_FILE', 'SANWANG_SERVICE_KEYS_FILE', 'SANWANG_TLS_CERT_FILE', 'SANWANG_TLS_KEY_FILE']) {
      expect(told(variable, 'hunter2')[variable]).toContain('the file holds something else');
    }
  });
  it('wants keys that belong together', async () => {
    const others = await newServiceKeys(['patrol', 'directory']);
    const { key } = await makeTls();
    expect(violations({ ...external, SANWANG_SERVICE_KEY_FILE: place('key', JSON.stringify(others.privateKeys['patrol'])) })).toEqual({
      SANWANG_SERVICE_KEYS_FILE: 'the public key that belongs to SANWANG_SERVICE_KEY_FILE among its keys',
    });
    expect(violations({ ...external, SANWANG_TLS_KEY_FILE: place('key', key) })).toEqual({
      SANWANG_TLS_KEY_FILE: 'the private key of the certificate of SANWANG_TLS_CERT_FILE',
    });
    const { keys } = others.publicKeys;
    for (const wrong of [[keys[0], keys[0]], Object.values(others.privateKeys), []]) {
      const file = place('keys', JSON.stringify({ keys: wrong }));
      expect(violations({ ...external, SANWANG_SERVICE_KEYS_FILE: file })['SANWANG_SERVICE_KEYS_FILE']).toContain('something else');
    }
  });
  it('is not for what works on a data folder', () => {
    expect(() => readEmbeddedConfig(external)).toThrow(expect.objectContaining({ reason: 'embedded-only' }));
  });
});
