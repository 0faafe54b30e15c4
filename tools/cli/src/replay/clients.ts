import {
  CalendarServiceDefinition,
  OfficerServiceDefinition,
  SimulationServiceDefinition,
  UnitServiceDefinition,
} from '@sanwang/contracts/directory';
import { OperationsServiceDefinition } from '@sanwang/contracts/operations';
import { PatrolServiceDefinition } from '@sanwang/contracts/patrol';
import { BusinessServiceDefinition } from '@sanwang/contracts/registration';
import { Rejection } from '@sanwang/kernel';
import type { ClientOf } from '@sanwang/rpc';
import type { Platform } from '../platform.ts';

/** What one officer of the replay calls. */
export interface OfficerClients {
  readonly units: ClientOf<typeof UnitServiceDefinition>;
  readonly officers: ClientOf<typeof OfficerServiceDefinition>;
  readonly calendars: ClientOf<typeof CalendarServiceDefinition>;
  readonly simulation: ClientOf<typeof SimulationServiceDefinition>;
  readonly businesses: ClientOf<typeof BusinessServiceDefinition>;
  readonly patrol: ClientOf<typeof PatrolServiceDefinition>;
  readonly operations: ClientOf<typeof OperationsServiceDefinition>;
}

/** Clients per officer, made once each. */
export const clientsOf = (platform: Platform): ((subject: string) => Promise<OfficerClients>) => {
  const known = new Map<string, Promise<OfficerClients>>();
  const make = async (subject: string): Promise<OfficerClients> => ({
    units: await platform.client(UnitServiceDefinition, subject),
    officers: await platform.client(OfficerServiceDefinition, subject),
    calendars: await platform.client(CalendarServiceDefinition, subject),
    simulation: await platform.client(SimulationServiceDefinition, subject),
    businesses: await platform.client(BusinessServiceDefinition, subject),
    patrol: await platform.client(PatrolServiceDefinition, subject),
    operations: await platform.client(OperationsServiceDefinition, subject),
  });
  return (subject) => {
    let clients = known.get(subject);
    if (!clients) known.set(subject, (clients = make(subject)));
    return clients;
  };
};

const PASSING = new Set(['unavailable', 'deadline-exceeded', 'conflict']);
const passes = ({ code, reason }: Rejection): boolean => PASSING.has(code) || reason === 'rate-limited' || reason === 'overloaded';
/** How long a platform may be away before the replay gives up, in ms of the wall clock. */
const PATIENCE = 120_000;

/** Sends until an answer comes: what may pass by itself is sent again, under the same Idempotency-Key. */
export const persist = async <T>(send: () => Promise<T>, signal: AbortSignal): Promise<T> => {
  const end = Date.now() + PATIENCE;
  for (let wait = 5; ; wait = Math.min(1_000, wait * 2)) {
    try {
      return await send();
    } catch (error) {
      if (signal.aborted || !(error instanceof Rejection) || !passes(error) || Date.now() > end) throw error;
      await new Promise((resolve) => setTimeout(resolve, wait));
    }
  }
};
