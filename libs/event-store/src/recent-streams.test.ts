import { expect, it } from 'vitest';
import { createRecentStreams, type RecentStream } from './recent-streams.ts';

const streamOf = (characters: number): RecentStream => ({
  stored: [{ id: 'e', type: 'Noted', stream: 's', revision: 0, position: 0, hash: '', data: 'x'.repeat(characters), metadata: '' }],
  history: { events: [], metadata: [] },
});

it('keeps what was used last and forgets the oldest beyond 2,000 streams', () => {
  const recent = createRecentStreams();
  for (let n = 0; n < 2_001; n++) recent.keep(`s-${n}`, streamOf(1));
  expect(recent.get('s-0')).toBeUndefined();
  expect(recent.get('s-1')).toBeDefined();
  recent.keep('s-1', streamOf(2));
  recent.keep('s-new', streamOf(1));
  expect(recent.get('s-1')).toEqual(streamOf(2));
  expect(recent.get('s-2')).toBeUndefined();
});

it('forgets the oldest beyond eight million characters, and what does not fit at all', () => {
  const recent = createRecentStreams();
  recent.keep('a', streamOf(5_000_000));
  recent.keep('b', streamOf(5_000_000));
  expect(recent.get('a')).toBeUndefined();
  expect(recent.get('b')).toBeDefined();
  recent.keep('c', streamOf(9_000_000));
  expect(recent.get('c')).toBeUndefined();
  expect(recent.get('b')).toBeUndefined();
});

it('forgets on demand', () => {
  const recent = createRecentStreams();
  recent.keep('a', streamOf(1));
  recent.forget('a');
  recent.forget('never');
  expect(recent.get('a')).toBeUndefined();
});
