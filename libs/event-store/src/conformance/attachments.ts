import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { attachmentSubject, MAX_ATTACHMENT_BYTES, type Attachments } from '../attachments.ts';
import type { Keys } from '../keys.ts';
import { expectRejection } from './samples.ts';

export interface AttachmentsUnderTest {
  readonly attachments: Attachments;
  readonly keys: Keys;
  reopen(): Promise<Attachments>;
  /** Alters one byte of the stored ciphertext. Absent where the server offers no way to. */
  damage?(id: string): Promise<void>;
  /** True when these bytes stand anywhere in what the store keeps. Absent where one cannot look. */
  holds?(bytes: Uint8Array): Promise<boolean>;
  close(): Promise<void>;
}

const jpeg = Buffer.from([0xff, 0xd8, 0xff, 0xe0]);
const photograph = (bytes: number): Buffer => Buffer.concat([jpeg, randomBytes(bytes - jpeg.length)]);
async function* pieces(content: Uint8Array, size = 10_000): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < content.length; at += size) yield content.subarray(at, at + size);
}

/** What every adapter of the attachments must do. */
export const attachmentsConformance = (name: string, open: () => Promise<AttachmentsUnderTest>): void => {
  describe(`attachments: ${name}`, { timeout: 60_000 }, () => {
    let subject: AttachmentsUnderTest;
    let attachments: Attachments;
    beforeAll(async () => {
      subject = await open();
      attachments = subject.attachments;
    });
    afterAll(() => subject.close());
    const read = async (id: string): Promise<Buffer | undefined> => {
      const opened = await attachments.open(id);
      if (!opened) return undefined;
      const chunks: Uint8Array[] = [];
      for await (const chunk of opened.content) chunks.push(chunk);
      return Buffer.concat(chunks);
    };

    it('gives back what was stored', async () => {
      for (const size of [4, 12, 65_536, 300_001]) {
        const content = photograph(size);
        const info = await attachments.store(pieces(content, 7_001), { mediaType: 'image/jpeg' });
        expect(info).toMatchObject({ mediaType: 'image/jpeg', size, hash: expect.stringMatching(/^[0-9a-f]{64}$/) as string });
        expect(await attachments.info(info.id)).toEqual(info);
        expect((await read(info.id))!.equals(content)).toBe(true);
        if (size > 4) expect(await subject.holds?.(content.subarray(4, 36))).not.toBe(true);
      }
    });

    it('tells types by their first bytes, also when these come one by one', async () => {
      const contents = {
        'image/png': Buffer.concat([Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]), randomBytes(20)]),
        'image/webp': Buffer.concat([Buffer.from('RIFF'), randomBytes(4), Buffer.from('WEBPVP8 ')]),
        'application/pdf': Buffer.from('%PDF-1.7 and more'),
      };
      for (const [mediaType, content] of Object.entries(contents)) {
        const { id } = await attachments.store(pieces(content, 1), { mediaType });
        expect((await read(id))!.equals(content)).toBe(true);
      }
    });

    it('refuses other types, and content that is not what it is declared to be', async () => {
      const store = (content: Uint8Array, mediaType: string): Promise<unknown> => attachments.store(pieces(content), { mediaType });
      await expectRejection(store(Buffer.from('<svg/>'), 'image/svg+xml'), 'invalid-argument', 'attachment-type');
      await expectRejection(store(photograph(100), 'image/png'), 'invalid-argument', 'attachment-type');
      await expectRejection(store(Buffer.from('#!/bin/sh and so on'), 'image/jpeg'), 'invalid-argument', 'attachment-type');
      await expectRejection(store(Buffer.alloc(0), 'image/jpeg'), 'invalid-argument', 'attachment-type');
    });

    it('takes the longest attachment, and stops reading a longer one', async () => {
      const longest = photograph(MAX_ATTACHMENT_BYTES);
      const { id } = await attachments.store(pieces(longest, 1 << 20), { mediaType: 'image/jpeg' });
      expect((await read(id))!.equals(longest)).toBe(true);
      let sent = 0;
      const endless = async function* (): AsyncGenerator<Uint8Array> {
        for (yield jpeg; ; sent++) yield Buffer.alloc(1 << 20);
      };
      await expectRejection(attachments.store(endless(), { mediaType: 'image/jpeg' }), 'resource-exhausted', 'attachment-too-large');
      expect(sent).toBeLessThan(20);
    });

    it('stores nothing when its source fails', async () => {
      const failing = async function* (): AsyncGenerator<Uint8Array> {
        yield photograph(1_000);
        throw new Error('the client went away');
      };
      const before = await attachments.storedBefore('9999-01-01T00:00:00.000Z');
      await expect(attachments.store(failing(), { mediaType: 'image/jpeg' })).rejects.toThrow('the client went away');
      expect(await attachments.storedBefore('9999-01-01T00:00:00.000Z')).toEqual(before);
    });

    it('reports a damaged attachment and does not serve it', async ({ skip }) => {
      if (!subject.damage) return skip();
      const { id } = await attachments.store(pieces(photograph(100_000)), { mediaType: 'image/jpeg' });
      await subject.damage(id);
      await expectRejection(attachments.open(id), 'data-loss', 'attachment-damaged', { id });
    });

    it('opens nothing of an attachment whose subject was erased, and the others as before', async () => {
      const [gone, kept] = [photograph(1_000), photograph(1_000)];
      const store = (content: Uint8Array) => attachments.store(pieces(content), { mediaType: 'image/jpeg' });
      const [{ id }, other] = [await store(gone), await store(kept)];
      await subject.keys.destroy(attachmentSubject(id));
      expect(await attachments.open(id)).toBeUndefined();
      expect(await subject.holds?.(gone.subarray(4, 36))).not.toBe(true);
      expect((await read(other.id))!.equals(kept)).toBe(true);
    });

    it('lists by time, removes, and knows nothing of unknown ids', async () => {
      const { id, storedAt } = await attachments.store(pieces(photograph(50)), { mediaType: 'image/jpeg' });
      expect(await attachments.storedBefore(storedAt)).not.toContain(id);
      const justAfter = new Date(Date.parse(storedAt) + 1).toISOString();
      expect(await attachments.storedBefore(justAfter)).toContain(id);
      expect(await attachments.storedBefore(justAfter, storedAt)).toContain(id);
      expect(await attachments.storedBefore('9999-01-01T00:00:00.000Z', justAfter)).not.toContain(id);
      await attachments.remove(id);
      await attachments.remove(id);
      for (const gone of [id, '../keys.db', '', 'x']) {
        expect(await attachments.info(gone)).toBeUndefined();
        expect(await attachments.open(gone)).toBeUndefined();
      }
      expect(await attachments.storedBefore('9999-01-01T00:00:00.000Z')).not.toContain(id);
    });

    it('holds what it acknowledged after it was opened again', async () => {
      const content = photograph(5_000);
      const info = await attachments.store(pieces(content), { mediaType: 'image/jpeg' });
      attachments = await subject.reopen();
      expect(await attachments.info(info.id)).toEqual(info);
      expect((await read(info.id))!.equals(content)).toBe(true);
    });
  });
};
