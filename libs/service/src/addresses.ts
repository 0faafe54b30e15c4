import { isIPv4, isIPv6 } from 'node:net';
import { Rejection } from '@sanwang/kernel';
import { z } from 'zod';

/** Where the services are called: one template with `{service}` in it, or the addresses (`host:port`) of each. */
export type ServiceAddresses = string | Readonly<Record<string, readonly string[]>>;

const address = /^(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9.-]+):([0-9]{1,5})$/;
const hostOf = (text: string): string => address.exec(text)![1]!.replace(/^\[|\]$/g, '');
const isAddress = (text: string): boolean => address.test(text) && Number(address.exec(text)![2]) <= 65_535;

const families = [isIPv4, isIPv6];
/** gRPC takes a list of addresses where they are IP addresses of one family; several names are one DNS name's business. */
const fitTogether = (addresses: readonly string[]): boolean =>
  addresses.length === 1 || families.some((family) => addresses.every((each) => family(hostOf(each))));

const templateOf = (text: string): string | undefined => {
  const name = text.replace(/^dns:\/\/\//, '');
  return isAddress(name.replaceAll('{service}', 'service')) ? `dns:///${name}` : undefined;
};

const listOf = (text: string): Readonly<Record<string, readonly string[]>> | undefined => {
  const services: Record<string, string[]> = {};
  for (const entry of text.split(',')) {
    const [, service, place] = /^\s*([a-z][a-z0-9-]{0,39})=(\S+?)\s*$/.exec(entry) ?? [];
    if (service === undefined || place === undefined || !isAddress(place)) return undefined;
    (services[service] ??= []).push(place);
  }
  return Object.values(services).every(fitTogether) ? services : undefined;
};

/** `patrol=10.0.0.1:8081,patrol=10.0.0.2:8081,directory=directory.test:8081`, or `dns:///sanwang-{service}:8081`. */
export const serviceAddresses: z.ZodType<ServiceAddresses, string> = z.string().transform((text, context): ServiceAddresses => {
  const found = text.includes('{service}') ? templateOf(text) : listOf(text);
  if (found !== undefined) return found;
  context.addIssue({ code: 'custom' });
  return z.NEVER;
});

/** The gRPC target of a service, e.g. `dns:///sanwang-patrol:8081`. A service that is not listed is a fault of the configuration. */
export const serviceTarget = (addresses: ServiceAddresses, service: string): string => {
  if (typeof addresses === 'string') return addresses.replaceAll('{service}', service);
  const listed = addresses[service];
  if (!listed) {
    const expected = `an address of ${service} too`;
    throw new Rejection('invalid-argument', 'configuration', `SANWANG_SERVICES: expected ${expected}`, {
      violations: [{ field: 'SANWANG_SERVICES', expected }],
    });
  }
  if (listed.length === 1) return `dns:///${listed[0]}`;
  return `${isIPv4(hostOf(listed[0]!)) ? 'ipv4' : 'ipv6'}:${listed.join(',')}`;
};
