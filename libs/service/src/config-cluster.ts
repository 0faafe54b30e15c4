import { createPrivateKey, X509Certificate } from 'node:crypto';
import { tmpdir } from 'node:os';
import { resolve } from 'node:path';
import { serviceKeySchema, serviceKeysSchema } from '@sanwang/identity';
import { z } from 'zod';
import { serviceAddresses } from './addresses.ts';
import { fileOf, jsonFileOf, setting } from './config-setting.ts';

const MASTER_KEY_BYTES = 32;

const masterKey = fileOf((content) => {
  const text = content.trim();
  const bytes = Buffer.from(text, 'base64');
  return /^[A-Za-z0-9+/]+={0,2}$/.test(text) && bytes.length === MASTER_KEY_BYTES ? new Uint8Array(bytes) : undefined;
});

/** PEM as it stands, when `read` can make something of it. */
const pemOf = (read: (pem: string) => unknown) =>
  fileOf((content) => {
    try {
      read(content);
      return content;
    } catch {
      return undefined;
    }
  });

/** The variables of cluster mode. */
export const clusterSettings = {
  profile: setting({
    variable: 'SANWANG_PROFILE',
    schema: z.enum(['production', 'trial']),
    expected: '`production` or `trial`',
    description: 'What the cluster is for. `trial` permits the local issuer, with which whoever has its key is anyone.',
    byDefault: 'production',
  }),
  kurrentdb: setting({
    variable: 'SANWANG_KURRENTDB',
    schema: z.string().regex(/^(kurrentdb|esdb)(\+discover)?:\/\/\S+$/),
    expected: 'a connection string `kurrentdb://user:password@host:2113?tls=true`',
    description: 'The event store, KurrentDB.',
  }),
  kafka: setting({
    variable: 'SANWANG_KAFKA',
    schema: z.string().regex(/^kafka:\/\/([^\s@/]+@)?[^\s@/,]+:\d{1,5}(,[^\s@/,]+:\d{1,5})*\/?(\?\S*)?$/),
    expected: 'an address `kafka://user:password@host1:9092,host2:9092?tls=true&ca=FILE`',
    description: 'The bus, Kafka. With a user: SCRAM-SHA-512.',
  }),
  mongodb: setting({
    variable: 'SANWANG_MONGODB',
    schema: z.string().regex(/^mongodb(\+srv)?:\/\/\S+$/),
    expected: 'a connection string `mongodb://user:password@host:27017/database`',
    description: 'MongoDB: read models, keys, attachments and leases.',
  }),
  masterKey: setting({
    variable: 'SANWANG_MASTER_KEY_FILE',
    schema: masterKey,
    expected: `a file with ${MASTER_KEY_BYTES} bytes in base64`,
    description: "The master key, under which every subject's key lies in MongoDB. Without it no personal field can ever be read again.",
  }),
  serviceKey: setting({
    variable: 'SANWANG_SERVICE_KEY_FILE',
    schema: jsonFileOf(serviceKeySchema),
    expected: "a file with this service's private key, a JWK for ES256 whose `kid` is `service:<context>`",
    description: 'The key with which this service signs its own tokens for calls to the others.',
  }),
  serviceKeys: setting({
    variable: 'SANWANG_SERVICE_KEYS_FILE',
    schema: jsonFileOf(serviceKeysSchema),
    expected: "a file with all services' public keys, a JWKS with one key per `kid` and no private part",
    description: "By these keys each service checks the others' tokens.",
  }),
  services: setting({
    variable: 'SANWANG_SERVICES',
    schema: serviceAddresses,
    expected:
      '`dns:///sanwang-{service}:8081`, or `patrol=host:port,directory=host:port,…`; of several addresses of one service each an IP address',
    description: 'Where the services answer gRPC.',
  }),
  tlsCert: setting({
    variable: 'SANWANG_TLS_CERT_FILE',
    schema: pemOf((pem) => new X509Certificate(pem)),
    expected: "a file with this service's certificate and what leads to the CA, PEM",
    description: 'The certificate of the gRPC server. A renewed one counts from the next start.',
  }),
  tlsKey: setting({
    variable: 'SANWANG_TLS_KEY_FILE',
    schema: pemOf(createPrivateKey),
    expected: "a file with the certificate's private key, PEM without a password",
    description: 'The private key of the gRPC server.',
  }),
  tlsCa: setting({
    variable: 'SANWANG_TLS_CA_FILE',
    schema: pemOf((pem) => new X509Certificate(pem)),
    expected: 'a file with the certificates of the CA, PEM',
    description: "The CA by which a service checks the others' certificates.",
  }),
  scratch: setting({
    variable: 'SANWANG_SCRATCH',
    schema: z
      .string()
      .min(1)
      .transform((path) => resolve(tmpdir(), path)),
    expected: "the path of a folder; a relative one begins at the system's folder for temporary files",
    description: 'Folder for copies that this process makes anew at each start.',
    byDefault: 'sanwang',
  }),
} as const;
