import { addressesOf, connectGrpc, type ClientTls, type GrpcConnection, type InstanceAddress } from '@sanwang/rpc';
import { serviceTarget, type ServiceAddresses } from '@sanwang/service';

/** The other services of the deployment, as this one calls them. */
export interface Peers {
  /** A connection to whichever instances of the service there are. */
  connection(context: string): GrpcConnection;
  /** A connection to each instance of the service that there is now. */
  instances(context: string): Promise<readonly GrpcConnection[]>;
  close(): void;
}

/** How long the addresses of a service count, ms. */
const RECENT_MS = 1_000;

export const createPeers = (addresses: ServiceAddresses, tls: ClientTls): Peers => {
  const services = new Map<string, GrpcConnection>();
  const instances = new Map<string, GrpcConnection>();
  const recent = new Map<string, { readonly found: Promise<readonly InstanceAddress[]>; readonly at: number }>();
  const kept = (map: Map<string, GrpcConnection>, key: string, connect: () => GrpcConnection): GrpcConnection => {
    const connection = map.get(key) ?? connect();
    map.set(key, connection);
    return connection;
  };
  const addressesNow = (context: string): Promise<readonly InstanceAddress[]> => {
    const known = recent.get(context);
    if (known && performance.now() - known.at < RECENT_MS) return known.found;
    const found = addressesOf(serviceTarget(addresses, context));
    recent.set(context, { found, at: performance.now() });
    return found;
  };
  return {
    connection: (context) => kept(services, context, () => connectGrpc(serviceTarget(addresses, context), { tls, service: context })),
    instances: async (context) =>
      (await addressesNow(context)).map(({ target, serverName }) =>
        kept(instances, `${context} ${target}`, () =>
          connectGrpc(target, { tls, service: context, ...(serverName !== undefined && { serverName }) }),
        ),
      ),
    close() {
      for (const connection of [...services.values(), ...instances.values()]) connection.close();
    },
  };
};
