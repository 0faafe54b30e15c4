import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { newIssuerKey, newServiceKeys } from '@sanwang/identity';
import { makeTls } from '@sanwang/testing/tls';

/** The variables of the configuration that name a service's secrets. */
export type SecretVariables = (context: string) => Readonly<Record<string, string>>;

/**
 * The secrets of a trial cluster, made in the folder at the first start and kept: without its master key no personal field can be
 * read again. For trials: whoever reads the folder is anyone. The certificate is for `hosts`.
 */
export const trialSecrets = async (
  folder: string,
  contexts: readonly string[],
  hosts: readonly string[] = ['localhost', '127.0.0.1', '::1'],
): Promise<SecretVariables> => {
  const at = (name: string): string => join(folder, name);
  if (!existsSync(folder)) {
    const draft = `${folder}.new`;
    rmSync(draft, { recursive: true, force: true });
    mkdirSync(draft, { recursive: true, mode: 0o700 });
    const write = (name: string, content: string): void => writeFileSync(join(draft, name), content, { mode: 0o600, flush: true });
    const { privateKeys, publicKeys } = await newServiceKeys(contexts);
    for (const [context, key] of Object.entries(privateKeys)) write(`service-${context}.json`, JSON.stringify(key));
    write('service-keys.json', JSON.stringify(publicKeys));
    write('issuer-key.json', JSON.stringify(await newIssuerKey()));
    write('master-key', `${randomBytes(32).toString('base64')}\n`);
    const tls = await makeTls(hosts, 365);
    write('tls-ca.pem', tls.ca);
    write('tls-cert.pem', tls.cert);
    write('tls-key.pem', tls.key);
    renameSync(draft, folder);
  }
  return (context) => ({
    SANWANG_MASTER_KEY_FILE: at('master-key'),
    SANWANG_SERVICE_KEY_FILE: at(`service-${context}.json`),
    SANWANG_SERVICE_KEYS_FILE: at('service-keys.json'),
    SANWANG_LOCAL_ISSUER_FILE: at('issuer-key.json'),
    SANWANG_TLS_CA_FILE: at('tls-ca.pem'),
    SANWANG_TLS_CERT_FILE: at('tls-cert.pem'),
    SANWANG_TLS_KEY_FILE: at('tls-key.pem'),
  });
};
