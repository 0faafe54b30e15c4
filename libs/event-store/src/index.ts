export * from './attachments.ts';
export * from './command.ts';
export * from './keys.ts';
export * from './port.ts';
export * from './published.ts';
