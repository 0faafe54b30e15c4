/** A subject's data key: 32 bytes for AES-256-GCM. `id` goes into the envelope. */
export interface SubjectKey {
  readonly id: string;
  readonly bytes: Uint8Array;
}

/**
 * Keys of the data subjects, held apart from the log. A key once destroyed never comes back: `ensure` refuses the subject
 * (`failed-precondition/subject-erased`).
 */
export interface Keys {
  /** The keys of the subjects that have one; `'destroyed'` where it was destroyed; absent when there never was one. */
  find(subjects: readonly string[]): Promise<ReadonlyMap<string, SubjectKey | 'destroyed'>>;
  /** The keys of all these subjects, made where missing; durable when the promise resolves. */
  ensure(subjects: readonly string[]): Promise<ReadonlyMap<string, SubjectKey>>;
  /** Destroys a subject's key for good, so that no file holds its bytes afterwards. Doing it again changes nothing. */
  destroy(subject: string): Promise<void>;
  /** Subjects whose keys were destroyed. */
  destroyed(): Promise<readonly string[]>;
  /** A secret of the deployment by purpose (32 bytes), made on first use: for the HMAC of command bodies. */
  secret(purpose: string): Promise<Uint8Array>;
  close(): Promise<void>;
}
