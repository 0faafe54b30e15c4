import type { Attachments, EventStore, Keys, SignedCheckpoints } from '@sanwang/event-store';
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
  /** Absent: nobody signs the log. */
  readonly checkpoints?: SignedCheckpoints;
  close(): Promise<void>;
}
