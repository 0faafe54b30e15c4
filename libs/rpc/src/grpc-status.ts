import { create, fromBinary, fromJson, toBinary, toJson } from '@bufbuild/protobuf';
import { BinaryReader, BinaryWriter } from '@bufbuild/protobuf/wire';
import { AnySchema, StructSchema, type Any } from '@bufbuild/protobuf/wkt';
import { Rejection, type FieldViolation } from '@sanwang/kernel';
import { codeOfGrpcStatus, errorTable } from './errors.ts';

// google.rpc.Status with ErrorInfo (reason, domain, facts as text), BadRequest (violations), RetryInfo and a Struct (facts with their types):
// the standard richer error model, readable by clients of any language. The field numbers are those of google/rpc/*.proto.

const TYPE = 'type.googleapis.com/';
const DOMAIN = 'sanwang';

const any = (typeName: string, value: Uint8Array): Any => create(AnySchema, { typeUrl: TYPE + typeName, value });

const errorInfo = (rejection: Rejection): Uint8Array => {
  const writer = new BinaryWriter().uint32(10).string(rejection.reason).uint32(18).string(DOMAIN);
  for (const [key, value] of Object.entries({ ...rejection.facts, code: rejection.code })) {
    writer.uint32(26).fork().uint32(10).string(key).uint32(18).string(String(value)).join();
  }
  return writer.finish();
};

const badRequest = (violations: readonly FieldViolation[]): Uint8Array => {
  const writer = new BinaryWriter();
  for (const { field, expected } of violations) writer.uint32(10).fork().uint32(10).string(field).uint32(18).string(expected).join();
  return writer.finish();
};

const struct = (facts: Rejection['facts']): Uint8Array => toBinary(StructSchema, fromJson(StructSchema, { ...facts }));

/** google.rpc.RetryInfo: after how many seconds to try again. */
const retryInfo = (seconds: number): Uint8Array => new BinaryWriter().uint32(10).fork().uint32(8).int64(Math.ceil(seconds)).join().finish();

/** The value of `grpc-status-details-bin` for a rejection. */
export const encodeStatus = (rejection: Rejection): Uint8Array => {
  const details = [any('google.rpc.ErrorInfo', errorInfo(rejection))];
  if (rejection.violations.length > 0) details.push(any('google.rpc.BadRequest', badRequest(rejection.violations)));
  if (Object.keys(rejection.facts).length > 0) details.push(any('google.protobuf.Struct', struct(rejection.facts)));
  const wait = rejection.facts['retryAfterSeconds'];
  if (typeof wait === 'number') details.push(any('google.rpc.RetryInfo', retryInfo(wait)));
  const writer = new BinaryWriter().uint32(8).int32(errorTable[rejection.code].grpc).uint32(18).string(rejection.message);
  for (const detail of details) writer.uint32(26).bytes(toBinary(AnySchema, detail));
  return writer.finish();
};

/** The length-delimited fields of a message, in order: all that these messages have, besides the status code. */
const fieldsOf = (bytes: Uint8Array): { readonly number: number; readonly bytes: Uint8Array }[] => {
  const reader = new BinaryReader(bytes);
  const fields: { number: number; bytes: Uint8Array }[] = [];
  while (reader.pos < reader.len) {
    const [number, wire] = reader.tag();
    if (wire === 2) fields.push({ number, bytes: reader.bytes() });
    else reader.skip(wire, number);
  }
  return fields;
};
const text = (fields: ReturnType<typeof fieldsOf>, number: number): string =>
  new TextDecoder().decode(fields.find((field) => field.number === number)?.bytes);

/** The rejection behind a gRPC error. Without (readable) details, e.g. when the connection was refused, the reason is `transport`. */
export const decodeStatus = (status: number, message: string, details: Uint8Array | undefined): Rejection => {
  const code = codeOfGrpcStatus(status);
  const transport = new Rejection(code, 'transport', message);
  if (!details) return transport;
  try {
    let reason = 'transport';
    let violations: FieldViolation[] = [];
    let facts: Rejection['facts'] = {};
    for (const field of fieldsOf(details)) {
      if (field.number !== 3) continue;
      const detail = fromBinary(AnySchema, field.bytes);
      const fields = fieldsOf(detail.value);
      if (detail.typeUrl === `${TYPE}google.rpc.ErrorInfo`) {
        if (text(fields, 2) === DOMAIN) reason = text(fields, 1);
      } else if (detail.typeUrl === `${TYPE}google.rpc.BadRequest`) {
        violations = fields
          .map((violation) => fieldsOf(violation.bytes))
          .map((pair) => ({ field: text(pair, 1), expected: text(pair, 2) }));
      } else if (detail.typeUrl === `${TYPE}google.protobuf.Struct`) {
        facts = toJson(StructSchema, fromBinary(StructSchema, detail.value)) as Rejection['facts'];
      }
    }
    return new Rejection(code, reason, message, { violations, facts });
  } catch {
    return transport;
  }
};
