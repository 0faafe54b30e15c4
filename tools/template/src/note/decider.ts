import { Rejection, type Aggregate } from '@sanwang/kernel';
import type { NoteEvent } from './events.ts';

export interface WriteNote {
  readonly type: 'write';
  readonly unit: string;
  readonly text: string;
}
export type NoteState = { readonly status: 'none' } | { readonly status: 'written' };

export const note: Aggregate<WriteNote, NoteEvent, NoteState> = {
  context: 'notes',
  name: 'Note',
  initial: { status: 'none' },
  decide({ unit, text }, state) {
    if (state.status === 'written') throw new Rejection('already-exists', 'note-exists', 'There is such a note already.');
    return [{ type: 'NoteWritten', data: { unit, text } }];
  },
  evolve: () => ({ status: 'written' }),
};
