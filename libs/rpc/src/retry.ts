import { setTimeout as pause } from 'node:timers/promises';
import { Rejection } from '@sanwang/kernel';

const MAX_ATTEMPTS = 4;
const FIRST_PAUSE_MS = 50;

export interface RetryOptions {
  /** Carrying the call out twice is as good as once. */
  readonly repeatable: boolean;
  /** Wall clock, ms: no attempt begins after it. */
  readonly deadline: number;
}

/** Calls again what may be repeated and found the service away, up to four times, after pauses that grow and differ. */
export const withRetries = async <T>(call: () => Promise<T>, { repeatable, deadline }: RetryOptions): Promise<T> => {
  for (let attempt = 1; ; attempt++) {
    try {
      return await call();
    } catch (error) {
      const wait = FIRST_PAUSE_MS * 2 ** (attempt - 1) * (0.5 + Math.random());
      const mayPass = error instanceof Rejection && error.code === 'unavailable';
      if (!mayPass || !repeatable || attempt === MAX_ATTEMPTS || Date.now() + wait >= deadline) throw error;
      await pause(wait);
    }
  }
};
