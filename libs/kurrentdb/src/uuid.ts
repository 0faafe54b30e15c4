import type shared from '@kurrent/kurrentdb-client/generated/kurrentdb/protocols/v1/shared_pb.js';

/** A UUID as text, whichever of the protocol's two forms it has. */
export const uuidText = (uuid: InstanceType<typeof shared.UUID>): string => {
  const structured = uuid.getStructured();
  if (!structured) return uuid.getString().toLowerCase();
  const hex = (bits: string): string => BigInt.asUintN(64, BigInt(bits)).toString(16).padStart(16, '0');
  const all = hex(structured.getMostSignificantBits()) + hex(structured.getLeastSignificantBits());
  return [all.slice(0, 8), all.slice(8, 12), all.slice(12, 16), all.slice(16, 20), all.slice(20)].join('-');
};
