import { ScalarType, type DescField, type DescMessage } from '@bufbuild/protobuf';
import { BinaryWriter, WireType } from '@bufbuild/protobuf/wire';
import * as fc from 'fast-check';
import { cursedTexts } from './fuzz-values.ts';

type Bytes = Uint8Array<ArrayBufferLike>;

const rubbish = fc.uint8Array({ maxLength: 40 });
const joined = (parts: readonly Bytes[]): Bytes => Buffer.concat(parts);
const delimited = (bytes: Bytes): Bytes => new BinaryWriter().bytes(bytes).finish();
const varint = fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }).map((value) => new BinaryWriter().uint64(value).finish());
const small = fc.nat(3).map((value) => new BinaryWriter().uint32(value).finish());
const fixed = (length: number) => fc.uint8Array({ minLength: length, maxLength: length });

const HUGE = 'x'.repeat(300_000);
/** Most fields are ids, words, dates and times. */
const plain = fc
  .oneof(fc.constantFrom('north', 'district', '2026-01-05', '2026-01-05T08:00:00.000Z'), fc.uuid())
  .map((value) => Buffer.from(value));
const wild = fc.oneof(
  {
    arbitrary: fc.oneof(fc.constantFrom(...cursedTexts), fc.string({ maxLength: 20, unit: 'grapheme' })).map((value) => Buffer.from(value)),
    weight: 8,
  },
  { arbitrary: rubbish, weight: 3 },
  { arbitrary: fc.constant(Buffer.from(HUGE)), weight: 1 },
);
type Text = fc.Arbitrary<Bytes>;

interface Value {
  readonly wire: WireType;
  readonly bytes: fc.Arbitrary<Bytes>;
}
const scalar = (type: ScalarType, text: Text): Value => {
  if (type === ScalarType.STRING || type === ScalarType.BYTES) return { wire: WireType.LengthDelimited, bytes: text.map(delimited) };
  if (type === ScalarType.DOUBLE || type === ScalarType.FIXED64 || type === ScalarType.SFIXED64)
    return { wire: WireType.Bit64, bytes: fixed(8) };
  if (type === ScalarType.FLOAT || type === ScalarType.FIXED32 || type === ScalarType.SFIXED32)
    return { wire: WireType.Bit32, bytes: fixed(4) };
  return { wire: WireType.Varint, bytes: fc.oneof(small, varint) };
};
const valueOf = (
  of: { readonly message?: DescMessage | undefined; readonly scalar?: ScalarType | undefined },
  text: Text,
  depth: number,
): Value =>
  of.message
    ? { wire: WireType.LengthDelimited, bytes: message(of.message, text, depth + 1).map(delimited) }
    : scalar(of.scalar ?? ScalarType.UINT32, text);

const tagged = (number: number, { wire, bytes }: Value): fc.Arbitrary<Bytes> =>
  bytes.map((value) => joined([new BinaryWriter().tag(number, wire).finish(), value]));

const field = (described: DescField, text: Text, depth: number): fc.Arbitrary<Bytes> => {
  const value = valueOf(described, text, depth);
  if (described.fieldKind !== 'map') return tagged(described.number, value);
  const entry = fc.tuple(tagged(1, scalar(described.mapKey, text)), tagged(2, value)).map((pair) => delimited(joined(pair)));
  return tagged(described.number, { wire: WireType.LengthDelimited, bytes: entry });
};

const anyWire = fc.constantFrom(
  WireType.Varint,
  WireType.Bit64,
  WireType.LengthDelimited,
  WireType.StartGroup,
  WireType.EndGroup,
  WireType.Bit32,
);
/** A field with the wire type of another kind of field, or that nobody knows; what follows may end too early. */
const wrong = (described: DescMessage): fc.Arbitrary<Bytes> =>
  fc
    .tuple(fc.constantFrom(...described.fields.map(({ number }) => number), 19, 536_870_911), anyWire, rubbish)
    .map(([number, wire, bytes]) => joined([new BinaryWriter().tag(number, wire).finish(), bytes]));

/** Encoded messages of a type: right in every wire type, with any values. */
const message = (described: DescMessage, text: Text, depth = 0): fc.Arbitrary<Bytes> =>
  depth > 4
    ? fc.constant(new Uint8Array())
    : fc
        .tuple(...described.fields.map((each) => fc.array(field(each, text, depth), { maxLength: 2 })))
        .map((parts) => joined(parts.flat()));

const NESTED = 20_000;
/** Groups in groups, and a field in itself: what a reader that calls itself has to survive. */
const deep = fc.constantFrom(0x0b, 0x0a).map((tag): Bytes => {
  if (tag === 0x0b) return Buffer.alloc(NESTED * 5, tag);
  // Each level writes its length in four bytes, so that what lies inside can be counted.
  return Buffer.from(
    Array.from({ length: NESTED }, (_, n) => {
      const inside = (NESTED - n - 1) * 5;
      return [tag, (inside & 0x7f) | 0x80, ((inside >> 7) & 0x7f) | 0x80, ((inside >> 14) & 0x7f) | 0x80, inside >> 21];
    }).flat(),
  );
});

/** Request bytes for an rpc: some can be read, some have wrong fields among the right ones, are cut off, nested deeply, or no message at all. */
export const requestBytes = (described: DescMessage): fc.Arbitrary<Uint8Array> => {
  const good = fc.oneof(message(described, plain), message(described, wild));
  const cut = fc.tuple(good, fc.nat()).map(([bytes, at]) => bytes.subarray(0, at % (bytes.length + 1)));
  const spoiled = fc.tuple(good, wrong(described), fc.boolean()).map(([bytes, bad, first]) => joined(first ? [bad, bytes] : [bytes, bad]));
  return fc.oneof(
    { arbitrary: good, weight: 8 },
    { arbitrary: spoiled, weight: 4 },
    { arbitrary: cut, weight: 3 },
    { arbitrary: rubbish, weight: 2 },
    { arbitrary: fc.constant(new Uint8Array()), weight: 8 },
    { arbitrary: deep, weight: 1 },
    { arbitrary: fc.constant(Buffer.alloc(1_200_000, 0x78)), weight: 1 },
  );
};
