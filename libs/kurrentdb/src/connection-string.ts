import { invalid } from '@sanwang/kernel';

/** What we let through of the client's options; it would print the whole connection string for one that it does not know. */
const OPTIONS = [
  'connectionName',
  'discoveryInterval',
  'gossipTimeout',
  'keepAliveInterval',
  'keepAliveTimeout',
  'maxDiscoverAttempts',
  'nodePreference',
  'tls',
  'tlsCAFile',
  'tlsVerifyCert',
  'userCertFile',
  'userKeyFile',
];

const SHAPE = /^(?:kurrentdb|esdb)(?:\+discover)?:\/\/(?:(?<credentials>[^@/?#]*)@)?(?<hosts>[^@/?#]+)\/?(?:\?(?<options>[^#]*))?$/;

/**
 * Checks a connection string before the client sees it, whose own messages quote it with its password. Returns the hosts,
 * for messages. Throws `invalid-argument/kurrentdb-connection`.
 */
export const hostsOf = (connectionString: string): string => {
  const refuse = (expected: string) => invalid('kurrentdb-connection', 'connection string of KurrentDB', expected);
  const parts = SHAPE.exec(connectionString.trim())?.groups;
  if (!parts?.['hosts']) throw refuse('kurrentdb://user:password@host:port,host:port?tls=true&tlsCAFile=…');
  if (parts['credentials'] !== undefined && !/^[^:]+:[^:]+$/.test(parts['credentials']))
    throw refuse('user:password before the @, each percent-encoded');
  const options = new URLSearchParams(parts['options']);
  for (const key of options.keys()) {
    if (!OPTIONS.some((known) => known.toLowerCase() === key.toLowerCase()))
      throw refuse(`no option ${key}; known are ${OPTIONS.join(', ')}`);
  }
  const tls = [...options].find(([key]) => key.toLowerCase() === 'tls')?.[1];
  if (tls === 'false' && parts['credentials'] !== undefined) throw refuse('no credentials without TLS: they would not be sent');
  return parts['hosts'];
};
