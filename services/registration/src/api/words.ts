import { localDate, slug } from '@sanwang/service';
import { z } from 'zod';
import { authorityPattern, localNumberPattern } from '../business/number.ts';

export { localDate, slug };

export const businessId = z
  .string()
  .max(90)
  .regex(
    /^(uscc\.[0-9A-Z]{18}|local\.[a-z0-9]+(-[a-z0-9]+)*\.[A-Za-z0-9][A-Za-z0-9-]*)$/,
    'uscc.<18 characters> or local.<authority>.<number>',
  );
export const area = z.string().regex(/^\d{2,12}$/, 'an area code of 2 to 12 digits');
export const name = z.string().trim().min(1).max(200);
export const person = z.string().trim().max(100);
export const reason = z.string().trim().min(1).max(300);

export const number = z.strictObject({
  kind: z.enum(['uscc', 'local']),
  value: z.string().regex(localNumberPattern, 'letters, digits and hyphens'),
  authority: z.string().max(32).regex(authorityPattern, 'the slug of an authority').optional(),
});
export const coordinates = z.strictObject({ latitude: z.number().min(-90).max(90), longitude: z.number().min(-180).max(180) });
export const licences = z
  .array(
    z.strictObject({
      number: z.string().trim().min(1).max(60),
      kind: slug,
      validFrom: localDate.optional(),
      validTo: localDate.optional(),
    }),
  )
  .max(50);
