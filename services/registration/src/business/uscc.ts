/**
 * Unified social credit code 统一社会信用代码 (GB 32100-2015): 18 characters = registration department, kind of body, six digits of
 * region (GB/T 2260), nine of the body's own code 主体标识码 (GB 11714, the last one its check character), one check character.
 */
const CHARSET = '0123456789ABCDEFGHJKLMNPQRTUWXY';
const WEIGHTS = [1, 3, 9, 27, 19, 26, 16, 17, 20, 29, 25, 13, 8, 24, 10, 30, 28];
const BODY_WEIGHTS = [3, 7, 9, 10, 5, 8, 4, 2];

/** The form of a code: 18 characters of the standard's set (no I, O, S, V, Z), a region of six digits. */
export const usccPattern = /^[0-9A-HJ-NPQRTUWXY]{2}\d{6}[0-9A-HJ-NPQRTUWXY]{10}$/;

/** The 18th character that the first 17 call for. `code` is of the form `usccPattern`, or its first 17 characters. */
export const usccCheckDigit = (code: string): string => {
  const sum = WEIGHTS.reduce((total, weight, index) => total + weight * CHARSET.indexOf(code[index] ?? '0'), 0);
  return CHARSET[(31 - (sum % 31)) % 31]!;
};

/** The ninth character of a body's own code (GB 11714, modulo 11) that its first eight call for. */
export const bodyCheckDigit = (body: string): string => {
  const sum = BODY_WEIGHTS.reduce((total, weight, index) => total + weight * Number.parseInt(body[index] ?? '0', 36), 0);
  const check = 11 - (sum % 11);
  return check === 10 ? 'X' : check === 11 ? '0' : String(check);
};

/** The check digits that a code should have, where it has others: its own (18th character) and that of the body's own code (17th). */
export interface UsccFault {
  readonly checkDigit?: string;
  readonly bodyCheckDigit?: string;
}

/** What is wrong with the check digits of a code of the right form; `undefined` when nothing is. */
export const usccFault = (code: string): UsccFault | undefined => {
  const bodyCheckDigit = bodyCheckDigitOf(code);
  // With the 17th character as it should be: whoever puts both in has a right code.
  const checkDigit = usccCheckDigit(code.slice(0, 16) + bodyCheckDigit);
  const fault = { ...(checkDigit !== code[17] && { checkDigit }), ...(bodyCheckDigit !== code[16] && { bodyCheckDigit }) };
  return Object.keys(fault).length === 0 ? undefined : fault;
};

const bodyCheckDigitOf = (code: string): string => bodyCheckDigit(code.slice(8, 16));
