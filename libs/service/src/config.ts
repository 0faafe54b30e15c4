import { Rejection, type FieldViolation } from '@sanwang/kernel';
import { logLevels } from '@sanwang/telemetry';
import { z } from 'zod';
import { nearest } from './nearest.ts';

/** One variable of the environment: how its text is read, what is expected of it, and what it is for. */
interface Setting<Value> {
  readonly variable: string;
  readonly schema: z.ZodType<Value, string>;
  readonly expected: string;
  readonly description: string;
  /** The text that counts when the variable is unset or empty; absent: there is then no value. */
  readonly byDefault?: string;
  /** What an empty value means where it does not count as unset. */
  readonly empty?: string;
}
const setting = <Value>(declaration: Setting<Value>): Setting<Value> => declaration;

const wholeNumber = (min: number, max: number): z.ZodType<number, string> =>
  z
    .string()
    .regex(/^\d{1,15}$/)
    .transform(Number)
    .refine((value) => value >= min && value <= max);
const httpUrl = z.string().refine((text) => URL.canParse(text) && ['http:', 'https:'].includes(new URL(text).protocol));

/** Every variable of the platform. The reference page is made from this. */
const settings = {
  httpPort: setting({
    variable: 'SANWANG_HTTP_PORT',
    schema: wholeNumber(0, 65_535),
    expected: 'a port from 1 to 65535, or 0 for any free one',
    description: 'Port of REST, health, metrics and the API documentation.',
    byDefault: '8080',
  }),
  grpcPort: setting({
    variable: 'SANWANG_GRPC_PORT',
    schema: wholeNumber(0, 65_535),
    expected: 'a port from 1 to 65535, or 0 for any free one; not the one of HTTP',
    description: 'Port of gRPC.',
    byDefault: '8081',
  }),
  host: setting({
    variable: 'SANWANG_HOST',
    schema: z.string().regex(/^[A-Za-z0-9.:_-]{1,253}$/),
    expected: 'a host name or an IP address',
    description: 'Address to listen on. Other than the loopback address: put TLS in front, tokens travel here.',
    byDefault: '127.0.0.1',
  }),
  data: setting({
    variable: 'SANWANG_DATA',
    schema: z.string().min(1),
    expected: 'the path of a folder',
    description: 'Folder of the log, the bus, the read models, keys and attachments (embedded mode). One process at a time writes it.',
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
      'The token issuer that is trusted. Unset: the local issuer in the data folder (embedded mode). Together with `SANWANG_JWKS_URL`.',
  }),
  jwksUrl: setting({
    variable: 'SANWANG_JWKS_URL',
    schema: httpUrl,
    expected: 'an http or https URL',
    description: 'Where the issuer serves its public keys (JWKS). Tokens are signed with ES256. Together with `SANWANG_ISSUER`.',
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

type Settings = typeof settings;
type Value<Of> = Of extends Setting<infer Read> ? Read : never;
type Optional = 'issuer' | 'jwksUrl' | 'bootstrapSubject';

/** The configuration as read. `issuer` and `jwksUrl` are both there or both not. */
export type Config = { readonly [Key in Exclude<keyof Settings, Optional>]: Value<Settings[Key]> } & {
  readonly [Key in Optional]?: NonNullable<Value<Settings[Key]>>;
};

const PREFIX = 'SANWANG_';
const entries = Object.entries(settings) as [keyof Settings, Setting<unknown>][];
const variables = entries.map(([, { variable }]) => variable);

const unknownVariables = (env: NodeJS.ProcessEnv): FieldViolation[] =>
  Object.keys(env)
    .filter((name) => name.startsWith(PREFIX) && !variables.includes(name))
    .map((name) => {
      const meant = nearest(name, variables);
      return {
        field: name,
        expected: meant ? `no such variable; did you mean ${meant}?` : `no such variable; known are ${variables.join(', ')}`,
      };
    });

/**
 * Reads the configuration from the environment. Everything wrong is told at once, as
 * `invalid-argument/configuration` with one violation per variable: an unknown `SANWANG_*`, or a value that is not what was
 * expected. No value is repeated.
 */
export const readConfig = (env: NodeJS.ProcessEnv): Config => {
  const violations = unknownVariables(env);
  const read: Partial<Record<keyof Settings, unknown>> = {};
  for (const [key, { variable, schema, expected, byDefault, empty }] of entries) {
    const given = env[variable];
    const text = given === undefined || (given === '' && empty === undefined) ? byDefault : given;
    if (text === undefined) continue;
    const parsed = schema.safeParse(text);
    if (!parsed.success) violations.push({ field: variable, expected });
    else if (parsed.data !== undefined) read[key] = parsed.data;
  }
  const isGiven = (variable: string): boolean => (env[variable] ?? '') !== '';
  const together = [settings.issuer.variable, settings.jwksUrl.variable] as const;
  for (const [one, other] of [together, [together[1], together[0]]] as const) {
    if (isGiven(one) && !isGiven(other)) violations.push({ field: other, expected: `a value, because ${one} is set` });
  }
  if (read.httpPort !== undefined && read.httpPort !== 0 && read.httpPort === read.grpcPort) {
    violations.push({ field: settings.grpcPort.variable, expected: settings.grpcPort.expected });
  }
  if (violations.length > 0) {
    const lines = violations.map(({ field, expected }) => `  ${field}: ${expected.startsWith('no such') ? '' : 'expected '}${expected}`);
    throw new Rejection('invalid-argument', 'configuration', `The configuration is not valid:\n${lines.join('\n')}`, { violations });
  }
  if (env[settings.bootstrapSubject.variable] === undefined && read.issuer === undefined) read.bootstrapSubject = 'bootstrap';
  return read as Config;
};

/** The reference page of all variables, as Markdown. */
export const renderConfigurationPage = (): string =>
  [
    '# Configuration',
    'The platform is configured by variables of the environment. A variable `SANWANG_*` that is not listed here, or a value that is not what was expected, stops the start with an error that names it. An empty value counts as unset unless said otherwise.',
    'This page is made from `libs/service/src/config.ts`; `npm test -- -u libs/service` brings it up to date.',
    ...entries.flatMap(([, { variable, description, expected, byDefault, empty }]) => [
      `## \`${variable}\``,
      description,
      [
        `- Expected: ${expected}`,
        ...(empty === undefined ? [] : [`- Empty: ${empty}`]),
        ...(byDefault === undefined ? [] : [`- Default: \`${byDefault}\``]),
      ].join('\n'),
    ]),
  ].join('\n\n') + '\n';
