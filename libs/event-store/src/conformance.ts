export * from './conformance/attachments.ts';
export * from './conformance/checkpoints.ts';
export * from './conformance/command-handler.ts';
export * from './conformance/event-store.ts';
export * from './conformance/keys.ts';
export * from './conformance/notebook.ts';
export * from './conformance/samples.ts';
