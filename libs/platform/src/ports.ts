import type { Attachments, EventStore, Keys } from '@sanwang/event-store';
import type { Bus, Leases } from '@sanwang/messaging';
import type { ModelStore } from '@sanwang/read-model';

/** What every way of running gives the services: one deployment's log, keys, bus, models, attachments and leases. */
export interface Ports {
  readonly store: EventStore;
  readonly keys: Keys;
  readonly bus: Bus;
  readonly attachments: Attachments;
  readonly models: ModelStore;
  readonly leases: Leases;
  close(): Promise<void>;
}
