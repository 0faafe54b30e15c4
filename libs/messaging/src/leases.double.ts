import { setTimeout as delay } from 'node:timers/promises';
import { Rejection } from '@sanwang/kernel';
import { createLeases, type LeaseRecord, type LeaseRegister, type LeasingOptions } from './leasing.ts';

/** A register whose calls wait while it is cut off, as those of a process that was stopped, or whose network is half open. */
export const stoppable = (register: LeaseRegister) => {
  let gate: PromiseWithResolvers<void> | undefined;
  const through = async <T>(work: () => Promise<T>): Promise<T> => {
    while (gate) await gate.promise;
    return work();
  };
  return {
    register: {
      read: (name) => through(() => register.read(name)),
      exchange: (name, counter, record) => through(() => register.exchange(name, counter, record)),
    } satisfies LeaseRegister,
    stop: (): void => void (gate ??= Promise.withResolvers<void>()),
    resume(): void {
      gate?.resolve();
      gate = undefined;
    },
  };
};

/** Leases in memory that behave as remote ones; each `connect` is a process of its own. */
export const leasesDouble = (options: LeasingOptions = {}) => {
  const records = new Map<string, LeaseRecord>();
  let away = false;
  let loseAnswers = 0;
  const unavailable = (): Rejection => new Rejection('unavailable', 'database-unavailable', 'The leases are away.');
  const reach = async (): Promise<void> => {
    await delay(Math.random());
    if (away) throw unavailable();
  };
  const register: LeaseRegister = {
    async read(name) {
      await reach();
      return records.get(name);
    },
    async exchange(name, counter, record) {
      await reach();
      if (records.get(name)?.counter !== counter) return false;
      records.set(name, record);
      if (loseAnswers > 0) {
        loseAnswers--;
        throw unavailable();
      }
      return true;
    },
  };
  return {
    connect() {
      const { register: own, stop, resume } = stoppable(register);
      return { leases: createLeases(own, options), stop, resume };
    },
    /** Takes the store away, or brings it back. */
    setAway: (value: boolean): void => void (away = value),
    /** So many of the next exchanges are carried out, but their answers get lost. */
    loseAnswers: (count: number): void => void (loseAnswers = count),
  };
};
