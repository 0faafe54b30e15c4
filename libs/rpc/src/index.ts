export * from './api.ts';
export * from './client.ts';
export * from './descriptors.ts';
export * from './endpoint.ts';
export * from './errors.ts';
export * from './grpc.ts';
export type { Authenticate } from './headers.ts';
export * from './rest.ts';
