import { describe, expect, it } from 'vitest';
import { serviceAddresses, serviceTarget } from './addresses.ts';

const target = (text: string, service: string): string => serviceTarget(serviceAddresses.parse(text), service);

describe('the address of a service', () => {
  it.each([
    ['dns:///sanwang-{service}:8081', 'dns:///sanwang-patrol:8081'],
    ['{service}.sanwang.svc:8081', 'dns:///patrol.sanwang.svc:8081'],
    ['directory=d.test:1, patrol=p.test:8081', 'dns:///p.test:8081'],
    ['patrol=127.0.0.1:8081', 'dns:///127.0.0.1:8081'],
    ['patrol=10.0.0.1:8081,patrol=10.0.0.2:8082', 'ipv4:10.0.0.1:8081,10.0.0.2:8082'],
    ['patrol=[::1]:8081,patrol=[::2]:8081', 'ipv6:[::1]:8081,[::2]:8081'],
  ])('%s', (text, expected) => {
    expect(target(text, 'patrol')).toBe(expected);
  });
  it('is a fault of the configuration where a service is not listed', () => {
    expect(() => target('patrol=p.test:8081', 'directory')).toThrow('SANWANG_SERVICES: expected an address of directory too');
  });
});
