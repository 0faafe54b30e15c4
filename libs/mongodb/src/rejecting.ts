import { Rejection } from '@sanwang/kernel';
import { MongoBulkWriteError, MongoError, MongoServerError } from 'mongodb';

/** Codes of MongoDB's server. Its message texts are no interface; its codes are. */
export const DUPLICATE_KEY = 11_000;
const DISK_FULL = new Set([14_031, 12_501, 276_037]);
const REFUSED = new Set([13, 18, 33, 8_000, 8_013]);
/** A fault of ours or of the data: to try again would change nothing. */
const OURS = new Set([2, 9, 14, 40, 52, 56, 73, 85, 86, 115, DUPLICATE_KEY, 10_334, 17_280, 31_249]);

/** A collection that was dropped under a reader: NamespaceNotFound, QueryPlanKilled, CursorNotFound. */
const VANISHED = new Set([26, 175, 43]);
export const isVanished = (error: unknown): boolean => error instanceof MongoServerError && VANISHED.has(error.code as number);

const REFUSED_TLS = /certificate|self.signed|tls|ssl|altname/i;

/** Credentials in an address, should the driver ever quote one. */
export const withoutSecrets = (text: string): string => text.replace(/\/\/[^@/\s]+@/g, '//');

const codeOf = (error: MongoError): number | undefined => (typeof error.code === 'number' ? error.code : undefined);

/**
 * Turns the driver's error into the port's `Rejection`; `where` names the server and the database. What says something about the
 * world is `unavailable` (`database-unavailable`; `database-refused` for credentials, rights, certificates) or
 * `resource-exhausted/storage-full`; anything else is returned as it is.
 */
export const asRejection = (error: unknown, where: string): unknown => {
  if (!(error instanceof MongoError)) return error;
  const code = error instanceof MongoBulkWriteError && !codeOf(error) ? undefined : codeOf(error);
  const said = withoutSecrets(error.message);
  const rejection = (kind: 'unavailable' | 'resource-exhausted', reason: string, message: string): Rejection =>
    new Rejection(kind, reason, message, { cause: error });
  if (code !== undefined && DISK_FULL.has(code))
    return rejection('resource-exhausted', 'storage-full', `The disk of MongoDB at ${where} is full; nothing was written.`);
  if (code !== undefined && REFUSED.has(code))
    return rejection('unavailable', 'database-refused', `MongoDB at ${where} refuses these credentials, or they lack a right: ${said}`);
  if (code !== undefined && OURS.has(code)) return error;
  if (REFUSED_TLS.test(said) && !(error instanceof MongoServerError))
    return rejection('unavailable', 'database-refused', `The TLS connection to MongoDB at ${where} fails; does its CA fit? ${said}`);
  return rejection('unavailable', 'database-unavailable', `MongoDB at ${where} cannot be reached at the moment: ${said}`);
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
