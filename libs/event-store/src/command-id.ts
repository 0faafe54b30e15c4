import { createHmac, createSecretKey, type KeyObject } from 'node:crypto';
import { canonicalJson, idFrom, uuidv5 } from '@sanwang/kernel';
import type { CommandContext } from './command.ts';
import type { Keys } from './keys.ts';

/** Two commands are the same when actor, method, target stream and Idempotency-Key are. Without a key no two are. */
export const commandIdOf = (context: Pick<CommandContext, 'actor' | 'method'>, stream: string, idempotencyKey: string): string =>
  idFrom('command', context.actor, context.method, stream, idempotencyKey);

/** Id of the n-th event (from 0) of a command. */
export const eventIdOf = (commandId: string, n: number): string => uuidv5(commandId, String(n));

/** HMAC-SHA256 of a command's body in canonical JSON under a secret of the deployment: recognises another body, tells nothing about it. */
export const bodyHmacOf = (keys: Pick<Keys, 'secret'>): ((body: unknown) => Promise<string>) => {
  let secret: KeyObject | undefined;
  return async (body) => {
    secret ??= createSecretKey(await keys.secret('command-body'));
    return createHmac('sha256', secret).update(canonicalJson(body)).digest('base64url');
  };
};
