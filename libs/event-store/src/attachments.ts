/** What is known of a stored attachment. `hash` is the SHA-256 (hex) of the ciphertext, `size` the plaintext's bytes. */
export interface AttachmentInfo {
  readonly id: string;
  readonly mediaType: string;
  readonly size: number;
  readonly hash: string;
  readonly storedAt: string;
}

/**
 * Photographs and other big or sensitive things. Stored (encrypted, synced) before the command that names them; what no
 * event has named after a day is removed. Failures: `invalid-argument/attachment-type`, `resource-exhausted/attachment-too-large`,
 * `data-loss/attachment-damaged`, `resource-exhausted/storage-full`.
 */
export interface Attachments {
  /**
   * Stores one attachment, sealed under the key of its own subject (`attachmentSubject`); streamed, so memory stays bounded.
   * Durable when the promise resolves.
   */
  store(content: AsyncIterable<Uint8Array>, options: { readonly mediaType: string }): Promise<AttachmentInfo>;
  info(id: string): Promise<AttachmentInfo | undefined>;
  /** The plaintext, its hash checked; `undefined` when there is none or its subject was erased. */
  open(id: string): Promise<{ readonly info: AttachmentInfo; readonly content: AsyncIterable<Uint8Array> } | undefined>;
  /**
   * Ids stored before `before` and not before `from` (instants, wall clock), for the sweep of what no event names. An id sorts
   * by the time it was stored.
   */
  storedBefore(before: string, from?: string): Promise<readonly string[]>;
  remove(id: string): Promise<void>;
}

/** The data subject to erase so that the attachment of this id can never be read again. */
export const attachmentSubject = (id: string): string => `attachment.${id}`;

/** The media types that are taken, and the most bytes of one attachment. */
export const ATTACHMENT_TYPES = ['image/jpeg', 'image/png', 'image/webp', 'application/pdf'] as const;
export const MAX_ATTACHMENT_BYTES = 10 * 1024 * 1024;
/** How long after it was stored (ms, wall clock) an attachment can be named for the first time; then it is removed. */
export const NAME_WITHIN_MS = 24 * 3_600_000;
