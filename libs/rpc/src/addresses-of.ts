import { lookup } from 'node:dns/promises';
import { isIP, isIPv6 } from 'node:net';
import { Rejection } from '@sanwang/kernel';

/** One process of a service: where it listens, and the name that its certificate has where that is not the address. */
export interface InstanceAddress {
  readonly target: string;
  readonly serverName?: string;
}

const inBrackets = (ip: string): string => (isIPv6(ip) ? `[${ip}]` : ip);

/**
 * Every address behind a gRPC target (`dns:///name:port`, `ipv4:…` or `ipv6:…`), for what has to be asked of each process of a
 * service. A name has to resolve to the processes themselves: in Kubernetes that of a headless Service. One that resolves to
 * nothing is `unavailable/service-unavailable`.
 */
export const addressesOf = async (target: string): Promise<readonly InstanceAddress[]> => {
  const [, scheme, list] = /^(ipv4|ipv6):(.+)$/.exec(target) ?? [];
  if (scheme !== undefined) return list!.split(',').map((address) => ({ target: `${scheme}:${address}` }));
  const [, bracketed, plain, port] = /^(?:dns:\/\/\/)?(?:\[(.+)\]|([^:]+)):(\d+)$/.exec(target) ?? [];
  const host = bracketed ?? plain;
  if (host === undefined) throw new Error(`${target} is no address of a service`);
  try {
    const found = await lookup(host, { all: true });
    return [...new Set(found.map(({ address, family }) => `ipv${family}:${inBrackets(address)}:${port}`))]
      .sort()
      .map((address) => ({ target: address, ...(isIP(host) === 0 && { serverName: host }) }));
  } catch (cause) {
    throw new Rejection('unavailable', 'service-unavailable', `The name ${host} leads nowhere at the moment.`, {
      facts: { service: host },
      cause,
    });
  }
};
