import { createHmac, createSecretKey, type KeyObject } from 'node:crypto';
import { idFrom, uuidv5 } from '@sanwang/kernel';
import type { CommandContext } from './command.ts';
import type { Keys } from './keys.ts';

/** Two commands are the same when actor, method, target stream and Idempotency-Key are. Without a key no two are. */
export const commandIdOf = (context: Pick<CommandContext, 'actor' | 'method'>, stream: string, idempotencyKey: string): string =>
  idFrom('command', context.actor, context.method, stream, idempotencyKey);

/** Id of the n-th event (from 0) of a command. */
export const eventIdOf = (commandId: string, n: number): string => uuidv5(commandId, String(n));

/** JSON with sorted keys: two bodies that say the same give the same text. */
const canonical = (value: unknown): string => {
  if (typeof value !== 'object' || value === null) return JSON.stringify(value) ?? 'null';
  if (Array.isArray(value)) return `[${value.map(canonical).join()}]`;
  if (value instanceof Date) return JSON.stringify(value);
  const record = value as Record<string, unknown>;
  const fields: string[] = [];
  for (const name of Object.keys(record).sort()) {
    if (record[name] !== undefined) fields.push(`${JSON.stringify(name)}:${canonical(record[name])}`);
  }
  return `{${fields.join()}}`;
};

/** HMAC-SHA256 of a command's body under a secret of the deployment: recognises another body, tells nothing about it. */
export const bodyHmacOf = (keys: Pick<Keys, 'secret'>): ((body: unknown) => Promise<string>) => {
  let secret: KeyObject | undefined;
  return async (body) => {
    secret ??= createSecretKey(await keys.secret('command-body'));
    return createHmac('sha256', secret).update(canonical(body)).digest('base64url');
  };
};
