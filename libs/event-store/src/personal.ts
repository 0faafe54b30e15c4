import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import { isSealed, mapPersonal, Rejection, type FieldPath, type Personal, type SealedPersonal } from '@sanwang/kernel';
import type { Keys, SubjectKey } from './keys.ts';

/** Data with personal fields: `type` is the qualified event type (`<context>.<Type>`), to which the ciphertext is bound. */
export interface PersonalData {
  readonly type: string;
  readonly data: unknown;
  /** Where the personal fields are. */
  readonly paths: readonly FieldPath[];
}

const TAG_BYTES = 16;
const boundTo = (type: string, subject: string): Buffer => Buffer.from(`${type}\n${subject}`);

const sealField = (type: string, subject: string, value: string, key: SubjectKey): SealedPersonal => {
  const iv = randomBytes(12);
  const cipher = createCipheriv('aes-256-gcm', key.bytes, iv).setAAD(boundTo(type, subject));
  const sealed = Buffer.concat([cipher.update(value, 'utf8'), cipher.final(), cipher.getAuthTag()]);
  return { subject, key: key.id, iv: iv.toString('base64'), data: sealed.toString('base64') };
};

const openField = (type: string, field: SealedPersonal, key: SubjectKey | 'destroyed' | undefined): Personal => {
  const { subject } = field;
  if (key === 'destroyed') return { subject, erased: true };
  if (key?.id !== field.key) {
    throw new Rejection('data-loss', 'personal-key-missing', `The key of ${subject} is not in the key store.`, {
      facts: { subject, type },
    });
  }
  try {
    const sealed = Buffer.from(field.data, 'base64');
    const decipher = createDecipheriv('aes-256-gcm', key.bytes, Buffer.from(field.iv, 'base64'), { authTagLength: TAG_BYTES })
      .setAAD(boundTo(type, subject))
      .setAuthTag(sealed.subarray(-TAG_BYTES));
    return { subject, value: decipher.update(sealed.subarray(0, -TAG_BYTES), undefined, 'utf8') + decipher.final('utf8') };
  } catch (cause) {
    throw new Rejection('data-loss', 'personal-field-damaged', `A personal field of ${subject} in ${type} cannot be opened.`, {
      facts: { subject, type },
      cause,
    });
  }
};

/**
 * Seals the opened personal fields; sealed and erased ones stay as they are. Keys are looked up, or made, once for all
 * items. Throws `failed-precondition/subject-erased` when a subject's key was destroyed.
 */
export const sealPersonal = async (keys: Pick<Keys, 'ensure'>, items: readonly PersonalData[]): Promise<readonly unknown[]> => {
  const subjects = new Set<string>();
  for (const { data, paths } of items) {
    mapPersonal(data, paths, (field) => {
      if ('value' in field) subjects.add(field.subject);
      return field;
    });
  }
  if (subjects.size === 0) return items.map((item) => item.data);
  const found = await keys.ensure([...subjects]);
  return items.map(({ type, data, paths }) =>
    mapPersonal(data, paths, (field) =>
      'value' in field ? sealField(type, field.subject, field.value, found.get(field.subject)!) : field,
    ),
  );
};

/**
 * Opens the sealed personal fields of a batch, the keys looked up once; a field whose key was destroyed becomes
 * `{ subject, erased: true }`. The input stays as it is. Throws `data-loss/personal-key-missing` and `data-loss/personal-field-damaged`.
 */
export const openPersonal = async (keys: Pick<Keys, 'find'>, items: readonly PersonalData[]): Promise<readonly unknown[]> => {
  const subjects = new Set<string>();
  for (const item of items) {
    mapSealed(item, (field) => {
      subjects.add(field.subject);
      return field;
    });
  }
  if (subjects.size === 0) return items.map((item) => item.data);
  const found = await keys.find([...subjects]);
  return items.map((item) => mapSealed(item, (field) => openField(item.type, field, found.get(field.subject))));
};

const mapSealed = ({ data, paths }: PersonalData, change: (field: SealedPersonal) => Personal): unknown =>
  mapPersonal(data, paths, (field) => (isSealed(field) ? change(field) : field));
