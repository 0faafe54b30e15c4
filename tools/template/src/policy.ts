import type { PolicyRow } from '@sanwang/identity';

/** Dispatchers leave notes for the units below their own; inspectors read those for theirs. */
export const policy: readonly PolicyRow[] = [
  { duty: 'dispatcher', action: 'notes.note.write', scope: 'unit' },
  { duty: 'dispatcher', action: 'notes.note.read', scope: 'unit' },
  { duty: 'inspector', action: 'notes.note.read', scope: 'unit' },
];
