// oxlint-disable-next-line import/no-unassigned-import -- @peculiar/x509 does not load without it
import 'reflect-metadata';
import { KeyObject, randomBytes, webcrypto } from 'node:crypto';
import { isIP } from 'node:net';
import {
  BasicConstraintsExtension,
  ExtendedKeyUsage,
  ExtendedKeyUsageExtension,
  KeyUsageFlags,
  KeyUsagesExtension,
  SubjectAlternativeNameExtension,
  X509CertificateGenerator,
} from '@peculiar/x509';

/** A CA of its own that has signed one server certificate, all in PEM. The CA's private key is not kept. */
export interface TlsFiles {
  readonly ca: string;
  readonly cert: string;
  readonly key: string;
}

const ALGORITHM = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const;
const DAY_MS = 86_400_000;

const newKeys = (): Promise<webcrypto.CryptoKeyPair> => webcrypto.subtle.generateKey(ALGORITHM, true, ['sign', 'verify']);
/** Positive, as a serial number has to be. */
const serialNumber = (): string => `01${randomBytes(15).toString('hex')}`;

/** Makes the TLS files of a trial or a test: the certificate is for `hosts` (names and IP addresses; `*.` for one label). */
export const makeTls = async (hosts: readonly string[] = ['localhost', '127.0.0.1', '::1'], days = 30): Promise<TlsFiles> => {
  const [caKeys, keys] = [await newKeys(), await newKeys()];
  const life = {
    notBefore: new Date(Date.now() - DAY_MS),
    notAfter: new Date(Date.now() + days * DAY_MS),
    signingAlgorithm: ALGORITHM,
  };
  const ca = await X509CertificateGenerator.createSelfSigned({
    ...life,
    serialNumber: serialNumber(),
    name: 'CN=Sanwang trial CA',
    keys: caKeys,
    extensions: [new BasicConstraintsExtension(true, 0, true), new KeyUsagesExtension(KeyUsageFlags.keyCertSign, true)],
  });
  const cert = await X509CertificateGenerator.create({
    ...life,
    serialNumber: serialNumber(),
    subject: 'CN=Sanwang trial services',
    issuer: ca.subject,
    publicKey: keys.publicKey,
    signingKey: caKeys.privateKey,
    extensions: [
      new BasicConstraintsExtension(false, undefined, true),
      new KeyUsagesExtension(KeyUsageFlags.digitalSignature, true),
      new ExtendedKeyUsageExtension([ExtendedKeyUsage.serverAuth, ExtendedKeyUsage.clientAuth]),
      new SubjectAlternativeNameExtension(hosts.map((host) => ({ type: isIP(host) ? 'ip' : 'dns', value: host }))),
    ],
  });
  const key = KeyObject.from(keys.privateKey).export({ type: 'pkcs8', format: 'pem' }) as string;
  return { ca: `${ca.toString('pem')}\n`, cert: `${cert.toString('pem')}\n`, key };
};
