import { cpSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readEmbeddedConfig } from '@sanwang/service';
import { createLogger } from '@sanwang/telemetry';
import type { Rejection } from '@sanwang/kernel';
import type { Bus } from '@sanwang/messaging';
import { eventually } from '@sanwang/testing';
import { afterEach, expect, test } from 'vitest';
import { layout } from './embedded.ts';
import { startHost, type Host, type HostOptions } from './host.ts';
import { bootstrapPrincipal, startTrial } from './trial.ts';

const folders: string[] = [];
const hosts: Host[] = [];
afterEach(async () => {
  await Promise.all(hosts.splice(0).map((host) => host.drain()));
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
});
const start = async (folder: string, more: Partial<HostOptions> = {}): Promise<Host> => {
  const host = await startHost({
    config: readEmbeddedConfig({ SANWANG_DATA: folder }),
    logger: createLogger({ level: 'silent' }),
    listen: false,
    ...more,
  });
  hosts.push(host);
  return host;
};

/** A simulation's log and keys in a folder of their own: no bus, no models. */
const restoredSimulation = async (clock: string): Promise<string> => {
  const folder = mkdtempSync(join(tmpdir(), 'restored-'));
  folders.push(folder);
  const trial = await startTrial();
  try {
    await trial.call('SimulationService/begin', { clock }, bootstrapPrincipal);
    await trial.call(
      'UnitService/registerUnit',
      { code: 'sz', kind: 'city', name: '深圳市', areas: ['4403'], validFrom: '2010-01-01', timeZone: 'Asia/Shanghai', calendar: 'cn' },
      bootstrapPrincipal,
    );
    await trial.host.settle(Date.now() + 10_000);
    const from = trial.host.ports.layout;
    const to = layout(folder);
    mkdirSync(to.folder, { recursive: true });
    for (const name of ['log', 'keys'] as const)
      for (const part of ['', '-wal']) cpSync(from[name] + part, to[name] + part, { force: true, recursive: true });
  } finally {
    await trial.stop();
  }
  return folder;
};

/** The bus, with every publish of the directory held up until `open` is called. */
const heldUp = (bus: Bus): { readonly bus: Bus; open(): void } => {
  const gate = Promise.withResolvers<void>();
  return {
    bus: {
      ...bus,
      async relaySeat(context, ...rest) {
        if (context === 'directory') await gate.promise;
        return bus.relaySeat(context, ...rest);
      },
    },
    open: gate.resolve,
  };
};

test('a log without bus and models is answered from only once the directory is known, and by its own clock', async () => {
  const clock = '2012-03-01T00:00:00.000Z';
  const host = await start(await restoredSimulation(clock));
  for (const { context } of host.services) {
    expect(context.directory.deployment()).toEqual({ mode: 'simulation', clock });
    expect(context.clock.now()).toBe(clock);
    expect(context.directory.cityUnit()?.code).toBe('sz');
  }
  expect(host.readiness()).toMatchObject({ ready: true });
});

test('while the directory is still on its way to the bus, nothing is ready, calls are told to come again, and it opens all the same', async () => {
  const held: { open?: () => void } = {};
  const host = await start(await restoredSimulation('2012-03-01T00:00:00.000Z'), {
    ports: (ports) => {
      const { bus, open } = heldUp(ports.bus);
      held.open = open;
      return { ...ports, bus };
    },
  });
  expect(host.readiness().ready).toBe(false);
  const units = host.endpoints.find(({ service }) => service.fullName === 'sanwang.directory.v1.UnitService')!;
  const ask = () =>
    units.invoke({
      service: units.service,
      method: 'listUnits',
      request: {},
      call: { principal: bootstrapPrincipal, method: 'x', readTokens: [], correlationId: 'c', deadline: Date.now() + 5_000 },
    });
  await expect(ask()).rejects.toMatchObject({ code: 'unavailable', reason: 'directory-behind' } satisfies Partial<Rejection>);
  held.open!();
  await eventually(() => expect(host.readiness().ready).toBe(true), 10_000);
  expect(await ask()).toMatchObject({ items: [{ code: 'sz' }] });
}, 60_000);
