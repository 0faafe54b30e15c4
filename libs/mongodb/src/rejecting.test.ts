import { Rejection } from '@sanwang/kernel';
import { MongoNetworkError, MongoParseError, MongoServerError } from 'mongodb';
import { expect, it } from 'vitest';
import { asRejection } from './rejecting.ts';

const server = (code: number, codeName: string, message: string): MongoServerError =>
  new MongoServerError({ code, codeName, errmsg: message, message });
const where = 'db-1:27017/sanwang (user patrol)';

it.each([
  ['a full disk', server(14_031, 'OutOfDiskSpace', 'no space'), 'resource-exhausted', 'storage-full'],
  ['wrong credentials', server(18, 'AuthenticationFailed', 'Authentication failed.'), 'unavailable', 'database-refused'],
  ['a user who may only read', server(13, 'Unauthorized', 'not authorized on sanwang'), 'unavailable', 'database-refused'],
  ['another CA', new MongoNetworkError('unable to verify the first certificate'), 'unavailable', 'database-refused'],
  ['a CA file that is not there', Object.assign(new Error('ENOENT: /ca.pem'), { syscall: 'open' }), 'unavailable', 'database-refused'],
  ['a server that is away', new MongoNetworkError('connect ECONNREFUSED'), 'unavailable', 'database-unavailable'],
  ['a server that steps down', server(189, 'PrimarySteppedDown', 'stepping down'), 'unavailable', 'database-unavailable'],
  ['a request that takes too long', server(50, 'MaxTimeMSExpired', 'operation exceeded time limit'), 'unavailable', 'database-unavailable'],
  ['a document too large', server(10_334, 'BSONObjectTooLarge', 'too large'), 'internal', 'database-fault'],
])('says of %s what it is and where', (_, error, code, reason) => {
  const rejection = asRejection(error, where);
  expect(rejection).toBeInstanceOf(Rejection);
  expect(rejection).toMatchObject({ code, reason, message: expect.stringContaining(where) as string });
});

it('quotes no document, and no password', () => {
  const quoting = server(13, 'Unauthorized', 'not authorized on sanwang to execute command { "insert": "keys", "name": "王小二" }');
  const leaking = new MongoParseError('cannot parse mongodb://patrol:secret@db-1');
  for (const [error, secret] of [
    [quoting, '王小二'],
    [leaking, 'patrol:secret'],
  ] as const) {
    const { message } = asRejection(error, where) as Rejection;
    expect(message).not.toContain(secret);
  }
  expect((asRejection(quoting, where) as Rejection).cause).toBeUndefined();
});

it('leaves other errors as they are', () => {
  const own = new Rejection('not-found', 'x-not-found', 'x');
  expect(asRejection(own, where)).toBe(own);
  const fault = new TypeError('ours');
  expect(asRejection(fault, where)).toBe(fault);
});
