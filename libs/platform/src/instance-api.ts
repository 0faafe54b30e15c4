import { InstanceServiceDefinition } from '@sanwang/contracts/operations';
import type { Access } from '@sanwang/identity';
import { defineApi, query, type Api } from '@sanwang/rpc';
import { z } from 'zod';
import type { Motion } from './motion.ts';

/** What the processes of a deployment ask of each other, under the services' own tokens. */
export const instanceApi = ({ access, motion }: { readonly access: Access; motion(): Promise<Motion> }): Api =>
  defineApi(InstanceServiceDefinition, {
    getMotion: query(z.strictObject({}), async (_request, call) => {
      access.require(call.principal, 'operations.settle', {}, 'instance', 'motion');
      const { moving, expected, done } = await motion();
      return { moving: [...moving], expected: [...expected], done: [...done] };
    }),
  });
