import { createPrivateKey, X509Certificate } from 'node:crypto';
import { Rejection, type FieldViolation } from '@sanwang/kernel';
import { clusterSettings } from './config-cluster.ts';
import type { Settings, ValueOf } from './config-setting.ts';
import { commonSettings, embeddedSettings } from './config-settings.ts';
import { nearest } from './nearest.ts';

type Values<Of extends Settings, Optional extends keyof Of = never> = {
  readonly [Key in Exclude<keyof Of, Optional>]: ValueOf<Of[Key]>;
} & { readonly [Key in Optional]?: NonNullable<ValueOf<Of[Key]>> };

/** `issuer` and `jwksUrl` are both there or both not. */
type CommonConfig = Values<Omit<typeof commonSettings, 'mode'>, 'issuer' | 'jwksUrl' | 'bootstrapSubject' | 'localIssuer'>;

/** Every service in one process, over a data folder. */
export type EmbeddedConfig = CommonConfig & Values<typeof embeddedSettings> & { readonly mode: 'embedded' };
/** One service over the cluster's servers. It trusts an issuer, or in a trial the local one: one of the two is there. Holds secrets. */
export type ClusterConfig = CommonConfig & Values<typeof clusterSettings> & { readonly mode: 'cluster' };
/** The configuration as read. */
export type Config = EmbeddedConfig | ClusterConfig;

const PREFIX = 'SANWANG_';
const all = { ...commonSettings, ...embeddedSettings, ...clusterSettings };
const variableOf = Object.fromEntries(Object.entries(all).map(([key, { variable }]) => [key, variable])) as Readonly<
  Record<keyof typeof all, string>
>;
const variables = Object.values(variableOf);

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

type AllValues = Values<typeof all>;
type Read = { -readonly [Key in keyof AllValues]?: AllValues[Key] };

const readSettings = (settings: Settings, env: NodeJS.ProcessEnv, isRequired: boolean) => {
  const read: Record<string, unknown> = {};
  const violations: FieldViolation[] = [];
  for (const [key, { variable, schema, expected, byDefault, empty }] of Object.entries(settings)) {
    const given = env[variable];
    const text = given === undefined || (given === '' && empty === undefined) ? byDefault : given;
    if (text === undefined) {
      if (isRequired) violations.push({ field: variable, expected: `${expected}; cluster mode needs it` });
      continue;
    }
    const parsed = schema.safeParse(text);
    if (parsed.success) {
      if (parsed.data !== undefined) read[key] = parsed.data;
      continue;
    }
    const [issue] = parsed.error.issues;
    const why = variable.endsWith('_FILE') && issue?.code === 'custom' ? `; ${issue.message}` : '';
    violations.push({ field: variable, expected: `${expected}${why}` });
  }
  return { read: read as Read, violations };
};

/** What is wrong with values that are each right. */
const disagreements = (read: Read, given: (variable: string) => boolean): FieldViolation[] => {
  const found: FieldViolation[] = [];
  const expect = (key: keyof typeof variableOf, expected: string): void => void found.push({ field: variableOf[key], expected });
  const { issuer, jwksUrl, localIssuer, profile, serviceKey, tlsCert } = variableOf;
  if (given(issuer) && !given(jwksUrl)) expect('jwksUrl', `a value, because ${issuer} is set`);
  if (given(jwksUrl) && !given(issuer)) expect('issuer', `a value, because ${jwksUrl} is set`);
  if (given(localIssuer) && given(issuer)) expect('localIssuer', `no value, because ${issuer} is set`);
  if (read.httpPort !== undefined && read.httpPort !== 0 && read.httpPort === read.grpcPort) {
    expect('grpcPort', commonSettings.grpcPort.expected);
  }
  if (read.profile === 'production' && given(localIssuer)) {
    expect(
      'localIssuer',
      `no value: the production profile trusts an issuer of tokens (${issuer}); ${profile}=trial permits the local one`,
    );
  }
  if (read.profile === 'production' && !given(issuer)) expect('issuer', 'the issuer of tokens; the production profile needs it');
  if (read.profile === 'trial' && !given(issuer) && !given(localIssuer)) {
    expect('localIssuer', `${commonSettings.localIssuer.expected}, because ${issuer} is not set`);
  }
  if (read.serviceKey && read.serviceKeys) {
    const { kid, x, y } = read.serviceKey;
    const isListed = read.serviceKeys.keys.some((key) => key.kid === kid && key.x === x && key.y === y);
    if (!isListed) expect('serviceKeys', `the public key that belongs to ${serviceKey} among its keys`);
  }
  if (read.tlsCert !== undefined && read.tlsKey !== undefined) {
    const isOfOnePair = new X509Certificate(read.tlsCert).checkPrivateKey(createPrivateKey(read.tlsKey));
    if (!isOfOnePair) expect('tlsKey', `the private key of the certificate of ${tlsCert}`);
  }
  return found;
};

/**
 * Reads the configuration from the environment and the files that it names. Everything wrong is told at once, as
 * `invalid-argument/configuration` with one violation per variable: an unknown `SANWANG_*`, one that the mode does not take or
 * lacks, or a value or file that is not what was expected. No value is repeated.
 */
export const readConfig = (env: NodeJS.ProcessEnv): Config => {
  const given = (variable: string): boolean => (env[variable] ?? '') !== '';
  const common = readSettings(commonSettings, env, false);
  const isCluster = common.read.mode === 'cluster';
  const own = isCluster ? readSettings(clusterSettings, env, true) : readSettings(embeddedSettings, env, false);
  const others: Settings = isCluster ? embeddedSettings : clusterSettings;
  const read: Read = { ...common.read, ...own.read };
  const violations = [
    ...unknownVariables(env),
    ...common.violations,
    ...own.violations,
    ...Object.values(others)
      .filter(({ variable }) => given(variable) && common.read.mode !== undefined)
      .map(({ variable }) => ({
        field: variable,
        expected: `no value: it means nothing with ${variableOf.mode}=${String(common.read.mode)}`,
      })),
    ...disagreements(read, given),
  ];
  if (violations.length > 0) {
    const lines = violations.map(({ field, expected }) => `  ${field}: ${expected.startsWith('no such') ? '' : 'expected '}${expected}`);
    throw new Rejection('invalid-argument', 'configuration', `The configuration is not valid:\n${lines.join('\n')}`, { violations });
  }
  if (env[variableOf.bootstrapSubject] === undefined && read.issuer === undefined) read.bootstrapSubject = 'bootstrap';
  return read as Config;
};

/** The configuration of a platform in this process; `failed-precondition/embedded-only` where the environment speaks of a cluster. */
export const readEmbeddedConfig = (env: NodeJS.ProcessEnv): EmbeddedConfig => {
  const config = readConfig(env);
  if (config.mode === 'embedded') return config;
  throw new Rejection('failed-precondition', 'embedded-only', `This works on a data folder, so not with ${variableOf.mode}=cluster.`);
};
