import { issuerKeySchema } from '@sanwang/identity';
import { logLevels } from '@sanwang/telemetry';
import { z } from 'zod';
import { httpUrl, jsonFileOf, setting, wholeNumber } from './config-setting.ts';

/** The variables of both modes. */
export const commonSettings = {
  mode: setting({
    variable: 'SANWANG_MODE',
    schema: z.enum(['embedded', 'cluster']),
    expected: '`embedded` or `cluster`',
    description:
      'How the platform runs: every service in this process over a data folder, or one process per service over KurrentDB, Kafka and MongoDB.',
    byDefault: 'embedded',
  }),
  httpPort: setting({
    variable: 'SANWANG_HTTP_PORT',
    schema: wholeNumber(0, 65_535),
    expected: 'a port from 1 to 65535, or 0 for any free one',
    description:
      'Port of REST, health, metrics and the API documentation; of a service of the cluster other than the gateway: of health and metrics.',
    byDefault: '8080',
  }),
  grpcPort: setting({
    variable: 'SANWANG_GRPC_PORT',
    schema: wholeNumber(0, 65_535),
    expected: 'a port from 1 to 65535, or 0 for any free one; not the one of HTTP',
    description: 'Port of gRPC. With TLS in cluster mode.',
    byDefault: '8081',
  }),
  host: setting({
    variable: 'SANWANG_HOST',
    schema: z.string().regex(/^[A-Za-z0-9.:_-]{1,253}$/),
    expected: 'a host name or an IP address',
    description:
      'Address to listen on. Other than the loopback address: put TLS in front of REST (and of gRPC in embedded mode), tokens travel here.',
    byDefault: '127.0.0.1',
  }),
  logLevel: setting({
    variable: 'SANWANG_LOG_LEVEL',
    schema: z.enum(logLevels),
    expected: `one of ${logLevels.map((level) => `\`${level}\``).join(', ')}`,
    description: 'The least severe log lines that are written. No level writes personal data, tokens or request bodies.',
    byDefault: 'info',
  }),
  issuer: setting({
    variable: 'SANWANG_ISSUER',
    schema: z.string().min(1),
    expected: 'the `iss` of the tokens, exactly as the issuer writes it',
    description:
      'The token issuer that is trusted. Unset: the local issuer of `SANWANG_LOCAL_ISSUER_FILE` or, in embedded mode, of the data folder. Together with `SANWANG_JWKS_URL`.',
  }),
  jwksUrl: setting({
    variable: 'SANWANG_JWKS_URL',
    schema: httpUrl,
    expected: 'an http or https URL',
    description: 'Where the issuer serves its public keys (JWKS). Tokens are signed with ES256. Together with `SANWANG_ISSUER`.',
  }),
  localIssuer: setting({
    variable: 'SANWANG_LOCAL_ISSUER_FILE',
    schema: jsonFileOf(issuerKeySchema),
    expected: "a file with the local issuer's key (made by `sanwang cluster-secrets`)",
    description:
      'The key with which `sanwang token` signs, for trials without an issuer. The production profile refuses it, and it does not go together with `SANWANG_ISSUER`.',
  }),
  audience: setting({
    variable: 'SANWANG_AUDIENCE',
    schema: z.string().min(1),
    expected: 'the `aud` that the tokens must name',
    description: 'The audience for which tokens must have been issued.',
    byDefault: 'sanwang',
  }),
  bootstrapSubject: setting({
    variable: 'SANWANG_BOOTSTRAP_SUBJECT',
    schema: z
      .string()
      .regex(/^([A-Za-z0-9][A-Za-z0-9._-]{0,119})?$/)
      .transform((subject) => subject || undefined),
    expected: 'a token subject of letters, digits, `.`, `_` and `-`',
    description:
      'The subject that may import the first units and officers. Unset: `bootstrap` with the local issuer, nobody with an external one.',
    empty: 'there is no such subject',
  }),
  rateLimit: setting({
    variable: 'SANWANG_RATE_LIMIT',
    schema: wholeNumber(0, 1_000_000),
    expected: 'a whole number of requests per second, or 0 for no limit',
    description: 'The most requests per second that the gateway takes of one caller.',
    byDefault: '1000',
  }),
  bodyLimit: setting({
    variable: 'SANWANG_BODY_LIMIT',
    schema: wholeNumber(1_024, 64 * 1_024 * 1_024),
    expected: 'a whole number of bytes from 1024 to 67108864',
    description: 'The largest request body in bytes. Attachments have a limit of their own.',
    byDefault: '1048576',
  }),
  drainSeconds: setting({
    variable: 'SANWANG_DRAIN_SECONDS',
    schema: wholeNumber(0, 600),
    expected: 'a whole number of seconds from 0 to 600',
    description: 'How long a stop waits for accepted requests to be answered.',
    byDefault: '10',
  }),
} as const;

/** The variables of embedded mode. */
export const embeddedSettings = {
  data: setting({
    variable: 'SANWANG_DATA',
    schema: z.string().min(1),
    expected: 'the path of a folder',
    description: 'Folder of the log, the bus, the read models, keys and attachments. One process at a time writes it.',
    byDefault: '.sanwang',
  }),
  durability: setting({
    variable: 'SANWANG_DURABILITY',
    schema: z.enum(['full', 'normal']),
    expected: '`full` or `normal`',
    description:
      'Whether the log reaches the disk before a command is acknowledged (`full`). With `normal` a power cut, though not a crash of the process, may lose the last acknowledged commands.',
    byDefault: 'full',
  }),
} as const;
