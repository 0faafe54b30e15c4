import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import type { StartedTestContainer } from 'testcontainers';
import type { Servers } from './servers.ts';

/** A server that was started for this run of the tests. */
export interface StartedServer {
  readonly address: string;
  /** What stands behind the address, for the report. */
  readonly described: string;
  stop(): Promise<void>;
}

const freePort = async (): Promise<number> => {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
};

const started = (container: StartedTestContainer, image: string, address: string): StartedServer => ({
  address,
  described: `official image ${image}`,
  stop: async () => void (await container.stop()),
});

const KURRENTDB = 'kurrentplatform/kurrentdb:26.1.1';
const KAFKA = 'apache/kafka:4.1.0';
const MONGODB = 'mongo:8.0';

/** Starts the official image of a server by testcontainers; throws where Docker, or a registry that has the image, is missing. */
export const startContainer: Readonly<Record<keyof Servers, () => Promise<StartedServer>>> = {
  async kurrentdb() {
    const { GenericContainer, Wait } = await import('testcontainers');
    const container = await new GenericContainer(KURRENTDB)
      .withCommand(['--insecure'])
      .withExposedPorts(2113)
      .withWaitStrategy(Wait.forHttp('/health/live', 2113).forStatusCode(204))
      .start();
    return started(container, KURRENTDB, `kurrentdb://${container.getHost()}:${container.getMappedPort(2113)}?tls=false`);
  },
  async kafka() {
    const { GenericContainer, Wait } = await import('testcontainers');
    // Kafka tells its clients the address to come back to, so the port outside must be known before it starts.
    const port = await freePort();
    const container = await new GenericContainer(KAFKA)
      .withEnvironment({
        KAFKA_NODE_ID: '1',
        KAFKA_PROCESS_ROLES: 'broker,controller',
        KAFKA_CONTROLLER_QUORUM_VOTERS: '1@localhost:9093',
        KAFKA_CONTROLLER_LISTENER_NAMES: 'CONTROLLER',
        KAFKA_LISTENERS: 'PLAINTEXT://0.0.0.0:9092,CONTROLLER://localhost:9093',
        KAFKA_ADVERTISED_LISTENERS: `PLAINTEXT://127.0.0.1:${port}`,
        KAFKA_LISTENER_SECURITY_PROTOCOL_MAP: 'CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT',
        KAFKA_OFFSETS_TOPIC_REPLICATION_FACTOR: '1',
        KAFKA_TRANSACTION_STATE_LOG_REPLICATION_FACTOR: '1',
        KAFKA_TRANSACTION_STATE_LOG_MIN_ISR: '1',
        KAFKA_GROUP_INITIAL_REBALANCE_DELAY_MS: '0',
      })
      .withExposedPorts({ container: 9092, host: port })
      .withWaitStrategy(Wait.forLogMessage(/Kafka Server started/))
      .start();
    return started(container, KAFKA, `kafka://127.0.0.1:${port}`);
  },
  async mongodb() {
    const { GenericContainer, Wait } = await import('testcontainers');
    const container = await new GenericContainer(MONGODB)
      .withExposedPorts(27017)
      .withWaitStrategy(Wait.forLogMessage(/Waiting for connections/))
      .start();
    return started(container, MONGODB, `mongodb://${container.getHost()}:${container.getMappedPort(27017)}/?directConnection=true`);
  },
};
