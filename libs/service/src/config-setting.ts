import { readFileSync } from 'node:fs';
import { z } from 'zod';

/** One variable of the environment: how its text is read, what is expected of it, and what it is for. */
export interface Setting<Value> {
  readonly variable: string;
  readonly schema: z.ZodType<Value, string>;
  readonly expected: string;
  readonly description: string;
  /** The text that counts when the variable is unset or empty; absent: there is then no value. */
  readonly byDefault?: string;
  /** What an empty value means where it does not count as unset. */
  readonly empty?: string;
}
export const setting = <Value>(declaration: Setting<Value>): Setting<Value> => declaration;

export type Settings = Readonly<Record<string, Setting<unknown>>>;
export type ValueOf<Of> = Of extends Setting<infer Read> ? Read : never;

export const wholeNumber = (min: number, max: number): z.ZodType<number, string> =>
  z
    .string()
    .regex(/^\d{1,15}$/)
    .transform(Number)
    .refine((value) => value >= min && value <= max);

export const httpUrl = z.string().refine((text) => URL.canParse(text) && ['http:', 'https:'].includes(new URL(text).protocol));

const unreadable: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such file',
  EACCES: 'this process may not read the file',
  EISDIR: 'this is a folder',
};

/** The content of a file that the variable names, read at the start. Issues say what is wrong with the file, not what is in it. */
export const fileOf = <Value>(parse: (content: string) => Value | undefined): z.ZodType<Value, string> =>
  z.string().transform((path, context): Value => {
    const fault = (message: string): never => {
      context.addIssue({ code: 'custom', message });
      return z.NEVER;
    };
    let content: string;
    try {
      content = readFileSync(path, 'utf8');
    } catch (error) {
      return fault(unreadable[(error as NodeJS.ErrnoException).code ?? ''] ?? 'the file cannot be read');
    }
    return parse(content) ?? fault('the file holds something else');
  });

/** A JSON file of a known shape. */
export const jsonFileOf = <Value>(schema: z.ZodType<Value>): z.ZodType<Value, string> =>
  fileOf((content) => {
    try {
      return schema.safeParse(JSON.parse(content)).data;
    } catch {
      return undefined;
    }
  });
