import { LOG_START } from '@sanwang/event-store';
import type { Connection } from './connection.ts';
import { placeOf, readAllRequest, type Direction, type Place } from './requests.ts';

/**
 * Finds the last event of a prefix. The server would look for it backwards from the end, which takes long where a quiet
 * context's last event lies far back; so we remember how far we know each prefix, and look only at what came since.
 */
export const createHeads = (connection: Connection): ((prefix: string) => Promise<number>) => {
  const known = new Map<string, { readonly head: number; readonly end: number }>();

  const first = async (prefix: string | 'unfiltered', direction: Direction, from: Place | 'start' | 'end', count = 1): Promise<number> => {
    const answers = await connection.read(readAllRequest(prefix, direction, from, count));
    return Number(
      answers
        .findLast((answer) => answer.hasEvent())
        ?.getEvent()
        ?.getEvent()
        ?.getCommitPosition() ?? LOG_START,
    );
  };

  return async (prefix) => {
    const end = await first('unfiltered', 'backward', 'end');
    const before = known.get(prefix);
    if (end === before?.end) return before.head;
    // Anything after the end of then? What stands there itself is delivered too, so the last of two tells.
    const moved = !before || (await first(prefix, 'forward', placeOf(before.end) ?? 'start', 2)) > before.end;
    const head = moved ? await first(prefix, 'backward', 'end') : before.head;
    known.set(prefix, { head, end });
    return head;
  };
};
