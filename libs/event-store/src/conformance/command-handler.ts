import { fixedClock } from '@sanwang/kernel';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createCommandHandler } from '../command-handler.ts';
import type { CommandHandler, CommandOutcome } from '../command.ts';
import type { Keys } from '../keys.ts';
import { LOG_START, MAX_EVENT_BYTES, type EventStore } from '../port.ts';
import { decodeReadToken } from '../read-token.ts';
import { add, notebook, notebookCatalogue, sentBy, type Notebook, type NotebookCommand } from './notebook.ts';
import { chained, event, expectRejection, freshContext, versionAfter } from './samples.ts';

export interface CommandHandlerUnderTest {
  readonly store: EventStore;
  readonly keys: Keys;
  reopen(): Promise<{ readonly store: EventStore; readonly keys: Keys }>;
  close(): Promise<void>;
}

/** What commands promise over any event store: idempotency, expected revisions, retries, sealed personal fields. */
export const commandHandlerConformance = (name: string, open: () => Promise<CommandHandlerUnderTest>): void => {
  describe(`command handler: ${name}`, { timeout: 120_000 }, () => {
    let subject: CommandHandlerUnderTest;
    let store: EventStore;
    let keys: Keys;
    beforeAll(async () => {
      subject = await open();
      ({ store, keys } = subject);
    });
    afterAll(() => subject.close());

    const at = '2026-11-23T08:00:00.000Z';
    const context = freshContext();
    const book = notebook(context);
    const stream = (id: string): string => `${context}.Notebook-${id}`;
    const newHandler = (): CommandHandler =>
      createCommandHandler({ store, keys, catalogue: notebookCatalogue(context), clock: fixedClock(at), partitionOf: () => 7 });
    let ids = 0;
    const newId = (): string => `n${ids++}`;
    const execute = (id: string, command: NotebookCommand, key?: string, more: Parameters<typeof sentBy>[2] = {}, handler = newHandler()) =>
      handler.execute(book, id, command, sentBy(command, key, more));
    /** What must be the same in every answer to one command. */
    const answer = ({ id, stream, revision, position, appended, state }: CommandOutcome<Notebook>) => ({
      id,
      stream,
      revision,
      position,
      appended,
      state,
    });

    it('appends what was decided and answers revision, state and a token of its last event', async () => {
      const id = newId();
      const first = await execute(id, add(1, 2));
      expect(first).toMatchObject({ id, stream: stream(id), revision: 1, appended: 2, repeated: false, state: { notes: [1, 2] } });
      expect(decodeReadToken(first.readToken)).toEqual({ context, partition: 7, position: first.position });
      const stored = await store.readStream(stream(id));
      expect(stored[1]!.position).toBe(first.position);
      expect(JSON.parse(stored[0]!.metadata)).toMatchObject({ version: 1, at, actor: 'officer.1', correlationId: 'c1' });
      expect(await newHandler().load(book, id)).toEqual({ state: { notes: [1, 2], phones: [] }, revision: 1 });
      expect(await newHandler().load(book, newId())).toEqual({ state: book.initial, revision: -1 });
    });

    it('changes nothing when the decider refuses or has nothing new', async () => {
      const id = newId();
      await expectRejection(execute(id, add(-1)), 'failed-precondition', 'negative');
      expect(await execute(id, add())).toMatchObject({ revision: -1, position: LOG_START, appended: 0 });
      const { position } = await execute(id, add(1));
      const again = await execute(id, { do: 'once', n: 1 });
      expect(again).toMatchObject({ revision: 0, position, appended: 0, repeated: false });
      expect(decodeReadToken(again.readToken).position).toBe(position);
      expect(await store.readStream(stream(id))).toHaveLength(1);
    });

    it('answers a repeat as it answered first, with a token of the last event of the stream, also after a restart', async () => {
      const id = newId();
      await execute(id, add(0));
      const first = await execute(id, add(1, 2), 'key');
      const later = await execute(id, add(3));
      const second = await execute(id, add(1, 2), 'key');
      ({ store, keys } = await subject.reopen());
      const third = await execute(id, add(1, 2), 'key');
      for (const repeat of [second, third]) {
        expect(repeat.repeated).toBe(true);
        expect(answer(repeat)).toEqual(answer(first));
        expect(repeat.readToken).toBe(later.readToken);
      }
      expect((await newHandler().load(book, id)).state.notes).toEqual([0, 1, 2, 3]);
    });

    it('answers two identical calls in flight alike and applies them once', async () => {
      const id = newId();
      const handler = newHandler();
      const answers = await Promise.all(Array.from({ length: 8 }, () => execute(id, add(5, 6), 'key', {}, handler)));
      expect(new Set(answers.map((one) => JSON.stringify(answer(one)))).size).toBe(1);
      // A store may take an append of the very same events for its repetition, and acknowledge both.
      expect(answers.some(({ repeated }) => !repeated)).toBe(true);
      expect((await handler.load(book, id)).state.notes).toEqual([5, 6]);
    });

    it('refuses a key that was used with another body', async () => {
      const id = newId();
      await execute(id, add(1), 'key');
      await expectRejection(execute(id, add(2), 'key'), 'invalid-argument', 'idempotency-key-reused');
      expect((await newHandler().load(book, id)).state.notes).toEqual([1]);
    });

    it('takes the same key of another caller, method or object, and no key at all, as another command', async () => {
      const [id, other] = [newId(), newId()];
      await execute(id, add(1), 'key');
      await execute(id, add(1), 'key', { actor: 'officer.2' });
      await execute(id, add(1), 'key', { method: 'notebook/Other' });
      await execute(other, add(1), 'key');
      await execute(id, add(1));
      await execute(id, add(1));
      expect((await newHandler().load(book, id)).state.notes).toEqual([1, 1, 1, 1, 1]);
      expect((await newHandler().load(book, other)).state.notes).toEqual([1]);
    });

    it('does not care for the order of fields in a body', async () => {
      const id = newId();
      const first = await execute(id, add(1), 'key', { body: { a: 1, b: { c: [1], d: 2 } } });
      const second = await execute(id, add(1), 'key', { body: { b: { d: 2, c: [1], e: undefined }, a: 1 } });
      expect(answer(second)).toEqual(answer(first));
    });

    it('refuses a stale revision and names the actual one, but recognises a repeat before', async () => {
      const id = newId();
      await execute(id, add(1), undefined, { expectedRevision: -1 });
      const second = await execute(id, add(2), 'key', { expectedRevision: 0 });
      await expectRejection(execute(id, add(3), undefined, { expectedRevision: 0 }), 'conflict', 'stale-revision', {
        expected: 0,
        actual: 1,
      });
      await expectRejection(execute(id, add(3), undefined, { expectedRevision: 9 }), 'conflict', 'stale-revision', {
        expected: 9,
        actual: 1,
      });
      expect(answer(await execute(id, add(2), 'key', { expectedRevision: 0 }))).toEqual(answer(second));
      expect((await newHandler().load(book, id)).state.notes).toEqual([1, 2]);
    });

    it('answers as the stream stands, whatever it remembers of it, when another process writes in between', async () => {
      const id = newId();
      const [here, there] = [newHandler(), newHandler()];
      const on = (handler: CommandHandler, command: NotebookCommand, key: string, expectedRevision?: number) =>
        execute(id, command, key, expectedRevision === undefined ? {} : { expectedRevision }, handler);
      await on(here, add(1), 'k1');
      await on(there, add(2), 'k2');
      expect(await on(here, { do: 'once', n: 2 }, 'k3')).toMatchObject({ appended: 0, revision: 1, state: { notes: [1, 2] } });
      await on(there, add(3), 'k4');
      expect(await on(here, add(3), 'k4')).toMatchObject({ repeated: true, revision: 2, state: { notes: [1, 2, 3] } });
      await on(there, add(4), 'k5');
      expect(await on(here, add(5), 'k6', 3)).toMatchObject({ revision: 4, state: { notes: [1, 2, 3, 4, 5] } });
      await expectRejection(on(there, add(6), 'k7', 3), 'conflict', 'stale-revision', { expected: 3, actual: 4 });
      await expectRejection(on(here, add(7), 'k6'), 'invalid-argument', 'idempotency-key-reused');
      await expectRejection(on(here, add(-1), 'k8'), 'failed-precondition', 'negative');
      expect((await newHandler().load(book, id)).state.notes).toEqual([1, 2, 3, 4, 5]);
    });

    it('lets one of many commands that expect the same revision through', async () => {
      const id = newId();
      const handler = newHandler();
      const results = await Promise.allSettled(
        Array.from({ length: 6 }, (_, n) => execute(id, add(n), undefined, { expectedRevision: -1 }, handler)),
      );
      expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
      for (const result of results)
        if (result.status === 'rejected') expect(result.reason).toMatchObject({ code: 'conflict', reason: 'stale-revision' });
    });

    it('carries out every one of many concurrent commands on one stream', async () => {
      const id = newId();
      const handler = newHandler();
      const numbers = Array.from({ length: 40 }, (_, n) => n);
      const answers = await Promise.all(numbers.map((n) => handler.execute(book, id, () => add(n), sentBy({ n }, `key-${n}`))));
      const { state } = await handler.load(book, id);
      expect([...state.notes].sort((a, b) => a - b)).toEqual(numbers);
      for (const [n, one] of answers.entries()) expect(one.state.notes).toEqual(state.notes.slice(0, state.notes.indexOf(n) + 1));
    });

    it('gives the same answers in any interleaving of repeats', async () => {
      const call = fc.record({ book: fc.integer({ min: 0, max: 1 }), key: fc.integer({ min: 0, max: 3 }) });
      const batches = fc.array(fc.array(call, { minLength: 1, maxLength: 6 }), { minLength: 1, maxLength: 4 });
      await fc.assert(
        fc.asyncProperty(batches, async (schedule) => {
          const ids = [newId(), newId()];
          const answers = new Map<string, string>();
          for (const batch of schedule) {
            const handlers = [newHandler(), newHandler()];
            await Promise.all(
              batch.map(async ({ book: n, key }, place) => {
                const outcome = await execute(ids[n]!, add(key, key + 10), `key-${key}`, {}, handlers[place % 2]);
                const name = `${n}/${key}`;
                const text = JSON.stringify(answer(outcome));
                expect(answers.get(name) ?? text).toBe(text);
                answers.set(name, text);
              }),
            );
          }
          for (const [n, id] of ids.entries()) {
            const { notes } = (await newHandler().load(book, id)).state;
            const keysUsed = new Set(schedule.flat().flatMap((one) => (one.book === n ? [one.key, one.key + 10] : [])));
            expect([...notes].sort()).toEqual([...keysUsed].sort());
          }
        }),
        { numRuns: 20 },
      );
    });

    it('seals personal fields in the log, opens them for the decider, and shows them as erased once the key is destroyed', async () => {
      const id = newId();
      const [writer, witness] = [`officer.${freshContext()}`, `officer.${freshContext()}`];
      const named: NotebookCommand = {
        do: 'name',
        name: { subject: writer, value: '张三' },
        phones: [
          { subject: witness, value: '13800000000' },
          { subject: writer, value: '13900000000' },
        ],
      };
      const { state } = await execute(id, named);
      const { data, metadata } = (await store.readStream(stream(id)))[0]!;
      for (const value of ['张三', '13800000000', '13900000000']) expect(data + metadata).not.toContain(value);
      expect(JSON.parse(data)).toMatchObject({ name: { subject: writer, key: expect.any(String) as string }, witnesses: [{}, {}] });
      expect((await newHandler().load(book, id)).state).toEqual(state);
      expect(state.name).toEqual({ subject: writer, value: '张三' });
      await keys.destroy(writer);
      const erased = { subject: writer, erased: true };
      expect((await newHandler().load(book, id)).state).toEqual({ notes: [], name: erased, phones: [named.phones[0], erased] });
      await expectRejection(execute(id, named), 'failed-precondition', 'subject-erased', { subject: writer });
      expect(await execute(id, add(1))).toMatchObject({ revision: 1 });
    });

    it('refuses an event that would be too large', async () => {
      const command: NotebookCommand = { do: 'add', numbers: [1, 2], text: 'x'.repeat(MAX_EVENT_BYTES) };
      const id = newId();
      await expectRejection(execute(id, command), 'resource-exhausted', 'event-too-large');
      expect(await store.readStream(stream(id))).toEqual([]);
    });

    it('reads old versions as the present one; tells newer events and unreadable ones apart', async () => {
      const written = (data: unknown, version: number, type = 'CoverPainted') => {
        const one = event(data, type);
        return { ...one, metadata: JSON.stringify({ ...(JSON.parse(one.metadata) as object), version }) };
      };
      const id = newId();
      const old = chained(stream(id), 'no-stream', written({ colour: 'red' }, 1));
      await store.append(stream(id), 'no-stream', old);
      expect((await newHandler().load(book, id)).state.color).toBe('red');
      const before = versionAfter('no-stream', old);
      await store.append(stream(id), before, chained(stream(id), before, written({ paint: 'red' }, 3)));
      await expectRejection(execute(id, add(1)), 'unavailable', 'event-newer-than-release');

      const [unknown, wrong] = [newId(), newId()];
      await store.append(stream(unknown), 'no-stream', chained(stream(unknown), 'no-stream', written({}, 1, 'BookBurnt')));
      await expectRejection(execute(unknown, add(1)), 'unavailable', 'event-newer-than-release');
      const { position } = await store.append(stream(wrong), 'no-stream', chained(stream(wrong), 'no-stream', written({ color: 5 }, 2)));
      await expectRejection(execute(wrong, add(1)), 'data-loss', 'event-unreadable', { position, stream: stream(wrong), revision: 0 });
    });
  });
};
