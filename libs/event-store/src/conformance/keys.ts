import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Keys } from '../keys.ts';
import { expectRejection, freshContext } from './samples.ts';

export interface KeysUnderTest {
  readonly keys: Keys;
  reopen(): Promise<Keys>;
  /** True when these bytes stand anywhere in what the store keeps. Absent where one cannot look. */
  holds?(bytes: Uint8Array): Promise<boolean>;
  close(): Promise<void>;
}

/** What every adapter of the key store must do. */
export const keysConformance = (name: string, open: () => Promise<KeysUnderTest>): void => {
  describe(`keys: ${name}`, { timeout: 60_000 }, () => {
    let subject: KeysUnderTest;
    let keys: Keys;
    beforeAll(async () => {
      subject = await open();
      keys = subject.keys;
    });
    afterAll(() => subject.close());
    const newSubject = (): string => `officer.${freshContext()}`;

    it('makes a key once and finds it again', async () => {
      const [one, two, unknown] = [newSubject(), newSubject(), newSubject()];
      const made = await keys.ensure([one, two]);
      expect(made.get(one)!.bytes).toHaveLength(32);
      expect(made.get(one)!.bytes).not.toEqual(made.get(two)!.bytes);
      expect(made.get(one)!.id).not.toBe(made.get(two)!.id);
      expect((await keys.ensure([one])).get(one)).toEqual(made.get(one));
      const found = await keys.find([one, two, unknown]);
      expect(found.get(two)).toEqual(made.get(two));
      expect(found.has(unknown)).toBe(false);
    });

    it('gives concurrent callers the same key', async () => {
      const one = newSubject();
      const made = await Promise.all(Array.from({ length: 20 }, () => keys.ensure([one, newSubject()])));
      expect(new Set(made.map((found) => found.get(one)!.id)).size).toBe(1);
    });

    it('destroys a key for good and refuses its subject', async () => {
      const [one, never, other] = [newSubject(), newSubject(), newSubject()];
      await keys.ensure([one]);
      await keys.destroy(one);
      await keys.destroy(one);
      await keys.destroy(never);
      expect((await keys.find([one])).get(one)).toBe('destroyed');
      await expectRejection(keys.ensure([other, one]), 'failed-precondition', 'subject-erased', { subject: one });
      await expectRejection(keys.ensure([never]), 'failed-precondition', 'subject-erased');
      expect(await keys.destroyed()).toEqual(expect.arrayContaining([one, never]));
      expect((await keys.ensure([other])).has(other)).toBe(true);
    });

    it('leaves no byte of a destroyed key behind', async ({ skip }) => {
      if (!subject.holds) return skip();
      const subjects = Array.from({ length: 300 }, newSubject);
      const made = await keys.ensure(subjects);
      const bytesOf = (one: string): Uint8Array => made.get(one)!.bytes;
      expect(await subject.holds(bytesOf(subjects[7]!))).toBe(true);
      for (const one of subjects.filter((_, n) => n % 50 === 7)) {
        await keys.destroy(one);
        expect(await subject.holds(bytesOf(one))).toBe(false);
      }
      expect(await subject.holds(bytesOf(subjects[8]!))).toBe(true);
    });

    it('keeps a secret per purpose', async () => {
      const [one, two] = await Promise.all([keys.secret('one'), keys.secret('two')]);
      expect(one).toHaveLength(32);
      expect(one).not.toEqual(two);
      expect(await keys.secret('one')).toEqual(one);
    });

    it('holds keys, secrets and what was destroyed after it was opened again', async () => {
      const [one, gone] = [newSubject(), newSubject()];
      const made = await keys.ensure([one, gone]);
      const secret = await keys.secret('again');
      await keys.destroy(gone);
      keys = await subject.reopen();
      expect((await keys.find([one])).get(one)).toEqual(made.get(one));
      expect((await keys.find([gone])).get(gone)).toBe('destroyed');
      expect(await keys.secret('again')).toEqual(secret);
    });
  });
};
