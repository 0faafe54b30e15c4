import { randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { Rejection, type Personal } from '@sanwang/kernel';
import type { Keys, SubjectKey } from './keys.ts';
import { openPersonal, sealPersonal } from './personal.ts';

/** A double of the key store that counts look-ups. */
const keysDouble = () => {
  const keys = new Map<string, SubjectKey | 'destroyed'>();
  const lookups: (readonly string[])[] = [];
  const double: Pick<Keys, 'find' | 'ensure' | 'destroy'> = {
    async find(subjects) {
      lookups.push(subjects);
      return new Map(subjects.flatMap((subject) => (keys.has(subject) ? [[subject, keys.get(subject)!] as const] : [])));
    },
    async ensure(subjects) {
      for (const subject of subjects) if (!keys.has(subject)) keys.set(subject, { id: `key-of-${subject}`, bytes: randomBytes(32) });
      return (await double.find(subjects)) as Map<string, SubjectKey>;
    },
    destroy: async (subject) => void keys.set(subject, 'destroyed'),
  };
  return { ...double, lookups, lose: (subject: string) => keys.delete(subject) };
};

const paths = [['name'], ['witnesses', '*', 'phone']];
const type = 'patrol.WriterNamed';
const named = (name: Personal | undefined, ...phones: readonly Personal[]) => ({
  name,
  area: '1714000',
  witnesses: phones.map((phone) => ({ phone })),
});
const failure = async (work: Promise<unknown>): Promise<unknown> =>
  work.then(
    () => undefined,
    (error: unknown) => error,
  );

it('opens what it sealed, and shows no value in between', async () => {
  const field = fc.record({ subject: fc.constantFrom('officer.1', 'officer.2'), value: fc.string({ minLength: 6, unit: 'grapheme' }) });
  await fc.assert(
    fc.asyncProperty(field, fc.array(field, { maxLength: 3 }), async (name, phones) => {
      const keys = keysDouble();
      const data = named(name, ...phones);
      const [sealed] = await sealPersonal(keys, [{ type, data, paths }]);
      expect(sealed).toMatchObject({ area: '1714000', name: { subject: name.subject, iv: expect.any(String) as string } });
      for (const { value } of [name, ...phones]) expect(JSON.stringify(sealed)).not.toContain(JSON.stringify(value).slice(1, -1));
      expect(await openPersonal(keys, [{ type, data: sealed, paths }])).toEqual([data]);
    }),
  );
});

it('looks the keys of a whole batch up once, and none when nothing is sealed', async () => {
  const keys = keysDouble();
  const items = ['officer.1', 'officer.2', 'officer.1'].map((subject) => ({ type, data: named({ subject, value: 'x' }), paths }));
  const sealed = await sealPersonal(keys, items);
  keys.lookups.length = 0;
  await openPersonal(
    keys,
    sealed.map((data) => ({ type, data, paths })),
  );
  expect(keys.lookups).toEqual([['officer.1', 'officer.2']]);
  keys.lookups.length = 0;
  await openPersonal(keys, [
    { type, data: named(undefined), paths },
    { type, data: null, paths },
    { type, data: 'text', paths: [] },
  ]);
  expect(keys.lookups).toEqual([]);
});

it('shows a field as erased once its key is destroyed, and others as they are', async () => {
  const keys = keysDouble();
  const data = named({ subject: 'officer.1', value: '张三' }, { subject: 'officer.2', value: '138' });
  const [sealed] = await sealPersonal(keys, [{ type, data, paths }]);
  await keys.destroy('officer.1');
  const [opened] = await openPersonal(keys, [{ type, data: sealed, paths }]);
  expect(opened).toEqual(named({ subject: 'officer.1', erased: true }, { subject: 'officer.2', value: '138' }));
  expect(await sealPersonal(keys, [{ type, data: { ...data, name: (opened as { name: Personal }).name }, paths }])).toMatchObject([
    { name: { subject: 'officer.1', erased: true } },
  ]);
});

it('refuses a ciphertext that was altered, or put under another event type or subject', async () => {
  const keys = keysDouble();
  const data = { name: { subject: 'officer.1', value: '张三' } };
  const [sealed] = (await sealPersonal(keys, [{ type, data, paths }])) as [
    { name: { subject: string; key: string; iv: string; data: string } },
  ];
  const damaged = { code: 'data-loss', reason: 'personal-field-damaged' };
  const bytes = Buffer.from(sealed.name.data, 'base64');
  bytes[0]! ^= 1;
  for (const [name, of] of [
    [{ ...sealed.name, data: bytes.toString('base64') }, type],
    [{ ...sealed.name, data: '' }, type],
    [{ ...sealed.name, iv: sealed.name.iv.replace(/^./, (c) => (c === 'A' ? 'B' : 'A')) }, type],
    [sealed.name, 'patrol.OtherThing'],
  ] as const) {
    expect(await failure(openPersonal(keys, [{ type: of, data: { name }, paths }]))).toMatchObject(damaged);
  }
  await keys.ensure(['officer.2']);
  expect(await failure(openPersonal(keys, [{ type, data: { name: { ...sealed.name, subject: 'officer.2' } }, paths }]))).toBeInstanceOf(
    Rejection,
  );
});

it('says when a key is missing rather than destroyed', async () => {
  const keys = keysDouble();
  const [sealed] = await sealPersonal(keys, [{ type, data: named({ subject: 'officer.1', value: 'x' }), paths }]);
  keys.lose('officer.1');
  expect(await failure(openPersonal(keys, [{ type, data: sealed, paths }]))).toMatchObject({
    code: 'data-loss',
    reason: 'personal-key-missing',
  });
});
