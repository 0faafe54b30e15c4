import { readFileSync } from 'node:fs';
import { connect as connectPlain, isIP, type Socket } from 'node:net';
import { connect as connectTls, type ConnectionOptions } from 'node:tls';
import { invalid } from '@sanwang/kernel';
import kafkajs, { type Kafka as KafkaClient, type KafkaConfig } from 'kafkajs';

/** A Kafka cluster and how to get in, as `kafka://user:password@host:9092,host:9092?tls=true&ca=FILE` says it. */
export interface KafkaAddress {
  readonly brokers: readonly string[];
  readonly user?: { readonly name: string; readonly password: string };
  readonly tls: boolean;
  /** PEM file of the authority that signed the brokers' certificates; the machine's own list when absent. */
  readonly ca?: string;
}

const FORM = 'kafka://[user:password@]host:port[,host:port…][?tls=true[&ca=FILE]]';
const URL_FORM = /^kafka:\/\/(?:([^:@/]+):([^@/]+)@)?([^/?@]+)\/?(?:\?(.*))?$/;
const BROKER = /^(?:[A-Za-z0-9._-]+|\[[0-9a-fA-F:]+\]):[0-9]{1,5}$/;

/** Reads an address; `invalid-argument/kafka-url` says what form it should have, and repeats no password. */
export const parseKafkaUrl = (url: string): KafkaAddress => {
  const wrong = (): Error => invalid('kafka-url', 'url', FORM);
  const parts = URL_FORM.exec(url);
  if (!parts) throw wrong();
  const [, name, password, hosts, query] = parts;
  const brokers = hosts!.split(',');
  if (!brokers.every((broker) => BROKER.test(broker))) throw wrong();
  const options = new URLSearchParams(query ?? '');
  for (const key of options.keys()) if (key !== 'tls' && key !== 'ca') throw wrong();
  const tls = options.get('tls');
  if (tls !== null && tls !== 'true' && tls !== 'false') throw wrong();
  const ca = options.get('ca');
  if (ca !== null && tls !== 'true') throw invalid('kafka-url', 'url', 'tls=true beside ca');
  return {
    brokers,
    tls: tls === 'true',
    ...(name !== undefined &&
      password !== undefined && { user: { name: decodeURIComponent(name), password: decodeURIComponent(password) } }),
    ...(ca !== null && { ca }),
  };
};

/** Small messages go at once (Nagle's algorithm off), which kafkajs's own sockets do not see to. */
const socketFactory: NonNullable<KafkaConfig['socketFactory']> = ({ host, port, ssl, onConnect }): Socket => {
  const server = isIP(host) === 0 ? { servername: host } : {};
  const socket = ssl
    ? connectTls({ host, port, ...server, ...(ssl as ConnectionOptions) }, onConnect)
    : connectPlain({ host, port }, onConnect);
  socket.setNoDelay(true);
  socket.setKeepAlive(true, 30_000);
  return socket;
};

/** Rides out about thirteen seconds, such as an election; what lasts longer is reported, and tried again by whoever asked. */
export const RETRY = { initialRetryTime: 100, maxRetryTime: 2_000, retries: 10 };

/** A kafkajs client. It logs nothing: what goes wrong comes back as an error. */
export const createClient = (address: KafkaAddress, clientId: string): KafkaClient => {
  const { brokers, user, tls, ca } = address;
  const config: KafkaConfig = {
    clientId,
    brokers: [...brokers],
    connectionTimeout: 3_000,
    requestTimeout: 10_000,
    retry: RETRY,
    socketFactory,
    ...(tls && { ssl: ca === undefined ? {} : { ca: [readFileSync(ca)] } }),
    ...(user && { sasl: { mechanism: 'scram-sha-512', username: user.name, password: user.password } }),
    logLevel: kafkajs.logLevel.NOTHING,
    logCreator: () => () => undefined,
  };
  return new kafkajs.Kafka(config);
};
