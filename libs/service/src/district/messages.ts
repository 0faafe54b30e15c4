import { parseStream, uuidv5, type Instant } from '@sanwang/kernel';
import type { OutgoingMessage } from '@sanwang/messaging';
import { districtMessageType, districtSchemaName, HANDED_OVER, HANDED_OVER_VERSION, type DistrictDeclaration } from './declare.ts';
import type { ObjectDocument } from './model.ts';

/** How an object came to a district, or left it: since when, and how often it has changed hands. */
export interface Coming {
  readonly since: Instant;
  readonly moves: number;
}
/** A message on its way to a district. */
export interface DistrictMessage {
  readonly district: string;
  readonly message: OutgoingMessage;
}

export const createMessages = ({ context, objects }: DistrictDeclaration) => {
  const versions = new Map(objects.map(({ kind, version }) => [kind, version]));
  const put = (
    doc: ObjectDocument,
    { kind, version, district, moves, data }: { kind: string; version: number; district: string; moves: number; data: object },
  ): DistrictMessage => {
    const { stream, event, revision } = doc;
    return {
      district,
      message: {
        key: stream,
        headers: {
          ce_specversion: '1.0',
          // The same when it is sent again, another when the object comes back to a district without an event of its own.
          ce_id: uuidv5(event.id, JSON.stringify([district, kind, moves])),
          ce_source: `sanwang/${context}`,
          ce_type: districtMessageType(context, kind, version),
          ce_subject: stream,
          ce_time: event.at,
          ce_dataschema: `/schemas/${districtSchemaName(context, kind, version)}`,
          'content-type': 'application/json',
          sanwang_position: String(event.position),
          sanwang_revision: String(revision),
          sanwang_district: district,
        },
        value: JSON.stringify(data),
      },
    };
  };
  const about = ({ kind, stream, revision }: ObjectDocument) => ({ object: { kind, id: parseStream(stream).id }, revision });
  return {
    /** The object's whole public state, for the district that has it since an instant. */
    state(doc: ObjectDocument, district: string, { since, moves }: Coming): DistrictMessage {
      const { kind, event, state } = doc;
      const data = { ...about(doc), since, event: { type: event.type, at: event.at }, state };
      return put(doc, { kind, version: versions.get(kind) ?? 1, district, moves, data });
    },
    /** The object is another district's, or nobody's, since an instant. */
    handedOver(doc: ObjectDocument, from: string, { to, since, moves }: Coming & { readonly to: string | undefined }): DistrictMessage {
      const data = { ...about(doc), ...(to !== undefined && { to }), since };
      return put(doc, { kind: HANDED_OVER, version: HANDED_OVER_VERSION, district: from, moves, data });
    },
  };
};
