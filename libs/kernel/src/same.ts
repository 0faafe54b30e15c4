import { isDeepStrictEqual } from 'node:util';

const plain = (value: unknown): unknown => (value === undefined ? undefined : JSON.parse(JSON.stringify(value)));

/** True when two pieces of JSON data say the same; an absent field and an undefined one do not differ. For "nothing new". */
export const sameData = (left: unknown, right: unknown): boolean => isDeepStrictEqual(plain(left), plain(right));
