/** Bytes that are needed to tell what a file is. */
export const SIGNATURE_BYTES = 12;

const startsWith = (bytes: Uint8Array, signature: string, at = 0): boolean =>
  Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1', at, at + signature.length) === signature;

/** The media type that the first bytes show; `undefined` when it is none of those that are taken. */
export const sniffMediaType = (start: Uint8Array): string | undefined => {
  if (startsWith(start, '\xff\xd8\xff')) return 'image/jpeg';
  if (startsWith(start, '\x89PNG\r\n\x1a\n')) return 'image/png';
  if (startsWith(start, 'RIFF') && startsWith(start, 'WEBP', 8)) return 'image/webp';
  if (startsWith(start, '%PDF-')) return 'application/pdf';
  return undefined;
};
