import { specify } from '@sanwang/testing';
import { describe, test } from 'vitest';
import { note } from './decider.ts';
import type { NoteEvent } from './events.ts';

const { given } = specify(note);
const content = { unit: 'sz-futian', text: 'Meet at the market hall' };
const written: NoteEvent = { type: 'NoteWritten', data: content };

describe('writing', () => {
  test('records it', () =>
    given()
      .when({ type: 'write', ...content })
      .then(written));
  test('is refused where one stands already', () =>
    given(written)
      .when({ type: 'write', ...content })
      .refuses('already-exists', 'note-exists'));
});
