import { notFound } from '@sanwang/kernel';
import { command, defineApi, query, type Api } from '@sanwang/rpc';
import { answerOf, type ServiceContext } from '@sanwang/service';
import { z } from 'zod';
import { NoteServiceDefinition } from './gen/notes.ts';
import { notes } from './models/notes.ts';
import { note } from './note/decider.ts';

export const noteApi = (service: ServiceContext): Api =>
  defineApi(NoteServiceDefinition, {
    writeNote: command(
      z.strictObject({ unit: z.string().min(1).max(60), text: z.string().trim().min(1).max(500) }),
      async (request, call) => {
        service.access.require(call.principal, 'notes.note.write', { unit: request.unit }, 'unit', request.unit);
        return answerOf(await service.execute(call, note, service.newId(call), request, { type: 'write', ...request }));
      },
    ),
    getNote: query(z.strictObject({ id: z.uuid() }), async ({ id }, call) => {
      const scope = service.access.scope(call.principal, 'notes.note.read');
      await service.caughtUp(call, notes);
      const found = await service.reader(notes).get(id, scope);
      if (!found) throw notFound('note', id);
      return found;
    }),
  });
