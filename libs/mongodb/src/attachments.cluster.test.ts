import { randomBytes } from 'node:crypto';
import { localKms } from '@sanwang/event-store';
import { attachmentsConformance } from '@sanwang/event-store/conformance';
import { Binary, type Document } from 'mongodb';
import { expect, it } from 'vitest';
import { openAttachments } from './attachments.ts';
import { testDatabase } from './fixture.ts';
import { openKeys } from './keys.ts';

const opened = async () => {
  const database = await testDatabase();
  const connected = database.connect();
  const keys = openKeys(connected, localKms(randomBytes(32)));
  const chunks = connected.db.collection<{ files_id: string; n: number; data: Binary }>('attachments.chunks');
  return { database, connected, keys, chunks, attachments: openAttachments(connected, keys) };
};

const holds = (value: unknown, bytes: Uint8Array): boolean => {
  if (value instanceof Binary) return Buffer.from(value.value()).includes(Buffer.from(bytes));
  if (typeof value !== 'object' || value === null) return false;
  return Object.values(value as Document).some((one) => holds(one, bytes));
};

attachmentsConformance('GridFS', async () => {
  const { database, connected, keys, chunks, attachments } = await opened();
  return {
    attachments,
    keys,
    reopen: async () => openAttachments(database.connect(), keys),
    async damage(id) {
      const chunk = (await chunks.findOne({ files_id: id, n: 0 }))!;
      const data = Buffer.from(chunk.data.value());
      data[70_000]! ^= 1;
      await chunks.updateOne({ files_id: id, n: 0 }, { $set: { data: new Binary(data) } });
    },
    async holds(bytes) {
      for (const { name } of await connected.db.listCollections({}, { nameOnly: true }).toArray()) {
        for await (const document of connected.db.collection(name).find()) if (holds(document, bytes)) return true;
      }
      return false;
    },
    close: () => database.drop(),
  };
});

const photograph = async function* (size: number) {
  yield Buffer.concat([Buffer.from([0xff, 0xd8, 0xff, 0xe0]), randomBytes(size)]);
};

it('reports an attachment whose chunks are gone as damaged, and leaves no chunk of a removed one', async () => {
  const { database, chunks, attachments } = await opened();
  const { id } = await attachments.store(photograph(600_000), { mediaType: 'image/jpeg' });
  expect(await chunks.countDocuments({ files_id: id })).toBe(3);
  await chunks.deleteOne({ files_id: id, n: 1 });
  await expect(attachments.open(id)).rejects.toMatchObject({ code: 'data-loss', reason: 'attachment-damaged' });
  await attachments.remove(id);
  expect(await chunks.countDocuments({})).toBe(0);
  await database.drop();
});

it('shows the sweep what a crash left half stored, which nobody else sees', async () => {
  const { database, connected, attachments } = await opened();
  const { id } = await attachments.store(photograph(10), { mediaType: 'image/jpeg' });
  await connected.db.collection<{ _id: string }>('attachments').replaceOne({ _id: id }, {});
  expect(await attachments.info(id)).toBeUndefined();
  expect(await attachments.open(id)).toBeUndefined();
  expect(await attachments.storedBefore('9999-01-01T00:00:00.000Z')).toEqual([id]);
  await attachments.remove(id);
  expect(await attachments.storedBefore('9999-01-01T00:00:00.000Z')).toEqual([]);
  await database.drop();
});
