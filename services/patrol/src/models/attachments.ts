import { attachmentsModel } from '@sanwang/read-model';
import { catalogue } from '../catalogue.ts';
import type { RectificationEvent } from '../rectification/events.ts';
import type { Attachment } from '../shared/words.ts';
import type { VisitEvent } from '../visit/events.ts';

type DataOf<Type> = Extract<VisitEvent | RectificationEvent, { readonly type: Type }>['data'];
const idsOf = (attachments: readonly Attachment[] = []): readonly string[] => attachments.map(({ id }) => id);

/** Which photographs 照片 and documents the patrol net's events have named. */
export const attachments = attachmentsModel(catalogue, {
  ItemsRecorded: ({ remarks = [] }: DataOf<'ItemsRecorded'>) => remarks.flatMap((remark) => idsOf(remark.attachments)),
  VisitCompleted: (data: DataOf<'VisitCompleted'>) => idsOf(data.attachments),
  CorrectionReported: (data: DataOf<'CorrectionReported'>) => idsOf(data.attachments),
});
