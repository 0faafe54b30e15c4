import { Rejection } from '@sanwang/kernel';
import { asRejection } from './database.ts';

const ERROR = 1;

/**
 * Runs `work`; what SQLite fails with becomes the `Rejection` of the named store. Our statements are constant: when SQLite
 * does not understand one, then the tables are not as we made them (`data-loss/damaged-file`).
 */
export const rejecting = <T>(what: string, work: () => T): T => {
  try {
    return work();
  } catch (error) {
    if (error instanceof Error && 'errcode' in error && error.errcode === ERROR) {
      throw new Rejection('data-loss', 'damaged-file', `The file of the ${what} does not have the tables it should have.`, {
        cause: error,
      });
    }
    throw asRejection(error, what);
  }
};
