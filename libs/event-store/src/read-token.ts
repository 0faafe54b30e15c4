import { invalid } from '@sanwang/kernel';

/** What a copy of `context` must have passed before it shows the command: `position` in `partition` of its topic. */
export interface ReadToken {
  readonly context: string;
  readonly partition: number;
  readonly position: number;
}

/** Opaque text for clients. */
export const encodeReadToken = ({ context, partition, position }: ReadToken): string =>
  Buffer.from(`${context}.${partition}.${position}`).toString('base64url');

/** Throws `invalid-argument/read-token` for what is not a token of ours. */
export const decodeReadToken = (token: string): ReadToken => {
  const match =
    token.length <= 200 ? /^([a-z][a-z0-9-]*)\.(\d{1,5})\.(-1|\d{1,15})$/.exec(Buffer.from(token, 'base64url').toString()) : null;
  if (!match) throw invalid('read-token', 'readToken', 'a read token from an earlier answer');
  return { context: match[1]!, partition: Number(match[2]), position: Number(match[3]) };
};
