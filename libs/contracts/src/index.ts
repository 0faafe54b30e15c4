import { readFileSync } from 'node:fs';
import { join } from 'node:path';

export * from './schemas.ts';

/** The file of the descriptor set (google.protobuf.FileDescriptorSet) of every API, with comments. */
export const descriptorFile = join(import.meta.dirname, 'gen', 'desc.binpb');

/** The descriptor set of every API: what REST routes, OpenAPI and gRPC reflection are made from. */
export const readDescriptorSet = (): Uint8Array => readFileSync(descriptorFile);

/** The AsyncAPI 3.0 document of every topic, as JSON text. */
export const readAsyncApi = (): string => readFileSync(join(import.meta.dirname, 'gen', 'asyncapi.json'), 'utf8');
