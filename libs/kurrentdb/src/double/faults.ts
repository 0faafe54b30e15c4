import { setTimeout as sleep } from 'node:timers/promises';

/** What can be made to go wrong. Each stays until it is taken back. */
export interface DoubleFaults {
  /** Breaks every connection, once. */
  cut(): void;
  /** Each call waits that long, half before and half after it is carried out. */
  slow(ms: number): void;
  /** Carries the next appends out, and breaks every connection instead of answering. */
  cutBeforeAnswer(appends: number): void;
  /** Takes calls and never answers; what is open stays silent. */
  silent(is: boolean): void;
  /** Refuses calls that need the leader, and names another node as leader. */
  notLeader(leader: { readonly host: string; readonly port: number } | undefined): void;
  /** Refuses appends as a server does whose disk is full. */
  full(is: boolean): void;
}

/** The faults as the services ask for them. */
export interface FaultState extends DoubleFaults {
  readonly isFull: () => boolean;
  readonly leader: () => { readonly host: string; readonly port: number } | undefined;
  /** Before or after a call's work: waits, for ever while silent. */
  delay(): Promise<void>;
  /** True when this append's answer is to be lost. */
  losesAnswer(): boolean;
}

export const createFaults = (cutAll: () => void): FaultState => {
  let delayMs = 0;
  let lost = 0;
  let silence: { readonly over: Promise<void>; end(): void } | undefined;
  let leader: { readonly host: string; readonly port: number } | undefined;
  let isFull = false;

  return {
    cut: cutAll,
    slow: (ms) => void (delayMs = ms),
    cutBeforeAnswer: (appends) => void (lost = appends),
    silent(is) {
      if (!is) {
        silence?.end();
        silence = undefined;
      } else if (!silence) {
        const { promise, resolve } = Promise.withResolvers<void>();
        silence = { over: promise, end: resolve };
      }
    },
    notLeader: (named) => void (leader = named),
    full: (is) => void (isFull = is),
    isFull: () => isFull,
    leader: () => leader,
    async delay() {
      if (delayMs > 0) await sleep(delayMs / 2);
      await silence?.over;
    },
    losesAnswer() {
      if (lost === 0) return false;
      lost--;
      cutAll();
      return true;
    },
  };
};
