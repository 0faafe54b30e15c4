import { Rejection } from '@sanwang/kernel';
import { MongoBulkWriteError, MongoError, MongoServerError } from 'mongodb';

/** Codes of MongoDB's server. Its message texts are no interface; its codes are. */
export const DUPLICATE_KEY = 11_000;
/** OutOfDiskSpace, and quotas of hosted servers. */
const DISK_FULL = new Set([14_031, 12_501]);
/** Unauthorized, AuthenticationFailed, AtlasError. */
const REFUSED = new Set([13, 18, 8_000]);
/** A fault of ours or of the data (bad values, types, indexes, documents that are too large): to try again would change nothing. */
const FAULTS = new Set([2, 9, 14, 40, 52, 56, 59, 67, 72, 73, 85, 86, 115, 121, 171, 10_334, 17_280, 31_249, DUPLICATE_KEY]);
/** A collection that went away under a reader: NamespaceNotFound, CursorNotFound, QueryPlanKilled. */
const VANISHED = new Set([26, 43, 175]);

export const isVanished = (error: unknown): boolean => error instanceof MongoServerError && VANISHED.has(error.code as number);

/** True when all that went wrong is that somebody was there before. */
export const isDuplicate = (error: unknown): boolean =>
  error instanceof MongoBulkWriteError
    ? codeOf(error) === DUPLICATE_KEY && !error.result.getWriteConcernError()
    : error instanceof MongoServerError && error.code === DUPLICATE_KEY;

/** Of several failures in one request the one that is no duplicate. */
const codeOf = (error: MongoError): number => {
  const failed = error instanceof MongoBulkWriteError ? [error.writeErrors].flat().map(({ code }) => code) : [];
  const code = failed.find((one) => one !== DUPLICATE_KEY) ?? error.code;
  return typeof code === 'number' ? code : 0;
};

/** Credentials in an address, should the driver ever quote one. */
export const withoutSecrets = (text: string): string => text.replace(/\/\/[^@/\s]+@/g, '//');

/** A server quotes the whole command, documents and all; what it says before that is enough. */
const saidBy = (error: MongoError): string => {
  const text = withoutSecrets(error.message);
  if (!(error instanceof MongoServerError)) return text;
  return `${error.codeName ?? `code ${String(error.code)}`}: ${text
    .split(/\{|dup key/)[0]!
    .slice(0, 200)
    .trim()}`;
};

const TLS = /certificate|self.signed|tls|ssl|altname/i;
const isOfFiles = (error: unknown): error is Error => error instanceof Error && 'syscall' in error && error.syscall === 'open';

/**
 * Turns the driver's error into the port's `Rejection`; `where` names the server and the database. What says something about the
 * world is `unavailable` (`database-unavailable`; `database-refused` for credentials, rights, certificates) or
 * `resource-exhausted/storage-full`; the rest of what a server says is `internal/database-fault`. No document is quoted.
 */
export const asRejection = (error: unknown, where: string): unknown => {
  if (isOfFiles(error))
    return new Rejection('unavailable', 'database-refused', `The TLS files for MongoDB at ${where} cannot be read: ${error.message}`);
  if (!(error instanceof MongoError)) return error;
  const code = codeOf(error);
  const said = saidBy(error);
  const isSaid = error instanceof MongoServerError;
  const facts = isSaid ? { facts: { code } } : { cause: error };
  if (DISK_FULL.has(code))
    return new Rejection('resource-exhausted', 'storage-full', `The disk of MongoDB at ${where} is full; nothing was written.`, facts);
  if (REFUSED.has(code)) {
    const message = `MongoDB at ${where} refuses these credentials, or they lack a right (${said}).`;
    return new Rejection('unavailable', 'database-refused', message, facts);
  }
  if (isSaid && FAULTS.has(code))
    return new Rejection('internal', 'database-fault', `MongoDB at ${where} cannot do this (${said}).`, facts);
  if (!isSaid && TLS.test(said)) {
    const message = `The TLS connection to MongoDB at ${where} fails; does its CA fit? (${said})`;
    return new Rejection('unavailable', 'database-refused', message, facts);
  }
  return new Rejection('unavailable', 'database-unavailable', `MongoDB at ${where} cannot be reached at the moment (${said}).`, facts);
};

/** Runs `work`, with the driver's errors turned into rejections. */
export type Guarded = <T>(work: () => Promise<T>) => Promise<T>;

export const guardedAt =
  (where: string): Guarded =>
  async (work) => {
    try {
      return await work();
    } catch (error) {
      throw asRejection(error, where);
    }
  };
