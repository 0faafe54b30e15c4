import { invalid } from '@sanwang/kernel';
import type { BusinessNumber } from './events.ts';
import { usccPattern } from './uscc.ts';

/** Authorities and local numbers leave `.` to the id, which joins them by it. */
export const authorityPattern = /^[a-z0-9]+(-[a-z0-9]+)*$/;
export const localNumberPattern = /^[A-Za-z0-9][A-Za-z0-9-]{0,39}$/;

/**
 * The id of the business that a number stands for: `uscc.<18>` or `local.<authority>.<number>`. Refuses a number of the wrong
 * form (`invalid-argument/number-form`); check digits are the decider's business.
 */
export const businessIdOf = ({ kind, value, authority }: BusinessNumber): string => {
  switch (kind) {
    case 'uscc':
      if (authority !== undefined) throw invalid('number-form', 'number.authority', 'nothing: a unified social credit code names its own');
      if (!usccPattern.test(value))
        throw invalid('number-form', 'number.value', '18 characters of GB 32100 (no I, O, S, V, Z), region in digits');
      return `uscc.${value}`;
    case 'local':
      if (authority === undefined || !authorityPattern.test(authority)) {
        throw invalid('number-form', 'number.authority', 'the slug of the authority that issued a local number');
      }
      if (!localNumberPattern.test(value)) throw invalid('number-form', 'number.value', '1 to 40 letters, digits and hyphens');
      return `local.${authority}.${value}`;
  }
};
