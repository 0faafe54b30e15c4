import { z } from 'zod';

// The field's words as schemas, shared by events and requests. Every string and list is bounded.

/** Where a task comes from: 外部 complaints and other departments, 法定 plans and double-random draws, 风险 risk models. */
export const channel = z.enum(['external', 'statutory', 'risk']);

/** `inspection` 监督检查: by two certified officers. `round` 巡查: by anyone on duty; yields clues 线索, never orders. */
export const taskType = z.enum(['inspection', 'round']);
export type TaskType = z.infer<typeof taskType>;

export const unitKind = z.enum(['city', 'district', 'office', 'department', 'street', 'community', 'contractor']);

/** `critical` items are the key items 重点项目 of a checklist, the others its general items 一般项目. */
export const severity = z.enum(['critical', 'serious', 'minor']);
export type Severity = z.infer<typeof severity>;

export const itemResult = z.enum(['conforms', 'violates', 'not-applicable']);
export const visitResult = z.enum(['pass', 'pass-with-conditions', 'fail']);
export type VisitResult = z.infer<typeof visitResult>;

export const id = z.string().regex(/^[A-Za-z0-9._-]{1,90}$/, 'an id');
export const unitCode = z
  .string()
  .regex(/^[a-z0-9]+(-[a-z0-9]+)*$/, "a unit's code, such as sz-futian")
  .max(80);
export const areaCode = z.string().regex(/^\d{2,15}$/, 'an area code of 2 to 15 digits');
export const code = z
  .string()
  .regex(/^[a-z0-9]+(-[a-z0-9]+)*$/, 'words of lower-case letters and digits joined by -')
  .max(60);
export const itemNumber = z
  .string()
  .regex(/^[0-9A-Za-z]+(\.[0-9A-Za-z]+)*$/, 'an item number, such as 3.2')
  .max(12);
export const localDate = z.iso.date();
export const instant = z.iso.datetime({ precision: 3 });
export const title = z.string().trim().min(1).max(200);
export const note = z.string().trim().min(1).max(1000);
export const reason = z.string().trim().min(1).max(500);

export const coordinates = z.object({ latitude: z.number().min(-90).max(90), longitude: z.number().min(-180).max(180) });
export type Coordinates = z.infer<typeof coordinates>;

/** What an event keeps of an attachment; `hash` is that of the ciphertext, `size` the plaintext's bytes. */
export const attachment = z.object({ id, mediaType: z.string().max(100), size: z.number().int(), hash: z.string().max(64) });
export const attachments = z.array(attachment).max(20);
export type Attachment = z.infer<typeof attachment>;

/** Numbers of violated items by severity. */
export const counts = z.object({ critical: z.number().int(), serious: z.number().int(), minor: z.number().int() });
export type Counts = z.infer<typeof counts>;

/** A violated item as it is handed on. */
export const finding = z.object({ number: itemNumber, severity });
export type Finding = z.infer<typeof finding>;
/** A finding of a visit 问题; one corrected on the spot 当场改正 needs no order. */
export type Violated = Finding & { readonly correctedOnSpot?: boolean | undefined };

/** What every public event of a task, a visit or an order says about its object: whose, where, and whose duty at the time. */
export const about = {
  businessId: id.optional(),
  area: areaCode,
  unit: unitCode.optional(),
};
