import { setTimeout as pause } from 'node:timers/promises';
import type { Operation } from '@sanwang/contracts/operations';
import { clientsOf, people } from './city.ts';
import type { Platform } from './platform.ts';

/** Waits for long work of the platform; throws when it failed. */
export const finished = async (platform: Platform, started: Operation | undefined): Promise<Operation> => {
  const { operations } = clientsOf(platform, people.operator);
  let operation = started;
  for (;;) {
    if (!operation) throw new Error('the platform answered without an operation');
    if (operation.state === 'failed') throw new Error(`${operation.kind} failed: ${operation.error}`);
    if (operation.state === 'done') return operation;
    await pause(20);
    ({ operation } = await operations.getOperation({ id: operation.id }));
  }
};

/** Verifies log and models by the platform's own means. Answers what is wrong, as sentences: nothing when all is well. */
export const faultsFound = async (platform: Platform): Promise<readonly string[]> => {
  const { operation } = await clientsOf(platform, people.operator).operations.startVerification({});
  const { findings, hashes } = await finished(platform, operation);
  return [
    ...findings.map(({ part, position, message }) => `${part} ${position}: ${message}`),
    ...hashes.filter(({ equal }) => !equal).map(({ model }) => `${model}: live differs from rebuilt`),
    ...(hashes.length === 0 ? ['no model was compared'] : []),
  ];
};
