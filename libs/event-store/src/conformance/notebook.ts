import {
  defineCatalogue,
  defineEvent,
  personal,
  Rejection,
  type Aggregate,
  type Catalogue,
  type EventsOf,
  type Personal,
} from '@sanwang/kernel';
import { z } from 'zod';
import type { CommandContext } from '../command.ts';

const NoteTaken = defineEvent('NoteTaken', {
  visibility: 'public',
  description: 'A number was noted.',
  schema: z.object({ n: z.number(), text: z.string().optional() }),
});
const WriterNamed = defineEvent('WriterNamed', {
  visibility: 'public',
  description: 'Somebody is named as the writer.',
  schema: z.object({ name: personal(z.string()), witnesses: z.array(z.object({ phone: personal(z.string()) })) }),
});
/** Version 2; version 1 had `colour`. */
const CoverPainted = defineEvent('CoverPainted', {
  visibility: 'private',
  description: 'The cover has a colour.',
  schema: z.object({ color: z.string() }),
  upcasters: [({ colour }: { colour: string }) => ({ color: colour })],
});
const events = { NoteTaken, WriterNamed, CoverPainted };

export type NotebookEvent = EventsOf<typeof events>;
export interface Notebook {
  readonly notes: readonly number[];
  readonly name?: Personal;
  readonly phones: readonly Personal[];
  readonly color?: string;
}
/** `add` notes each number; `once` notes it unless it stands there; a negative number is refused. */
export type NotebookCommand =
  | { readonly do: 'add'; readonly numbers: readonly number[]; readonly text?: string }
  | { readonly do: 'once'; readonly n: number }
  | { readonly do: 'name'; readonly name: Personal; readonly phones: readonly Personal[] };

export const notebookCatalogue = (context: string): Catalogue => defineCatalogue(context, events);

/** A small aggregate for tests of the command handler. */
export const notebook = (context: string): Aggregate<NotebookCommand, NotebookEvent, Notebook> => ({
  context,
  name: 'Notebook',
  initial: { notes: [], phones: [] },
  decide(command, state) {
    switch (command.do) {
      case 'add':
        if (command.numbers.some((n) => n < 0)) throw new Rejection('failed-precondition', 'negative', 'Numbers are not negative.');
        return command.numbers.map((n) => ({ type: 'NoteTaken', data: command.text === undefined ? { n } : { n, text: command.text } }));
      case 'once':
        return state.notes.includes(command.n) ? [] : [{ type: 'NoteTaken', data: { n: command.n } }];
      case 'name':
        return [{ type: 'WriterNamed', data: { name: command.name, witnesses: command.phones.map((phone) => ({ phone })) } }];
    }
  },
  evolve(state, event) {
    switch (event.type) {
      case 'NoteTaken':
        return { ...state, notes: [...state.notes, event.data.n] };
      case 'WriterNamed':
        return { ...state, name: event.data.name, phones: event.data.witnesses.map(({ phone }) => phone) };
      case 'CoverPainted':
        return { ...state, color: event.data.color };
    }
  },
});

export const add = (...numbers: readonly number[]): NotebookCommand => ({ do: 'add', numbers });

export const sentBy = (command: unknown, idempotencyKey?: string, more: Partial<CommandContext> = {}): CommandContext => ({
  actor: 'officer.1',
  method: 'notebook/Change',
  body: command,
  correlationId: 'c1',
  ...(idempotencyKey !== undefined && { idempotencyKey }),
  ...more,
});
