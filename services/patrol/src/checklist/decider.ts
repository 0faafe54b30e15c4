import { invalid, type Aggregate } from '@sanwang/kernel';
import type { ChecklistEvent, ChecklistVersion } from './events.ts';

export type ChecklistCommand = { readonly type: 'publish'; readonly version: ChecklistVersion };
export interface ChecklistState {
  /** Version n is at n - 1. */
  readonly versions: readonly ChecklistVersion[];
}

/** UTF-8 bytes that the items may take, so that the event stays below the log's limit. */
const MAX_BYTES = 56 * 1024;

/** The versions of one checklist; the stream's id is its code. */
export const checklist: Aggregate<ChecklistCommand, ChecklistEvent, ChecklistState> = {
  context: 'patrol',
  name: 'Checklist',
  initial: { versions: [] },
  decide({ version }, { versions }) {
    const seen = new Set<string>();
    for (const [index, { number }] of version.items.entries()) {
      if (seen.has(number)) throw invalid('item-number-taken', `items.${index}.number`, 'a number that no other item has');
      seen.add(number);
    }
    if (Buffer.byteLength(JSON.stringify(version.items)) > MAX_BYTES)
      throw invalid('checklist-too-large', 'items', `at most ${MAX_BYTES} bytes of items`);
    const last = versions.at(-1);
    if (last && JSON.stringify(last) === JSON.stringify(version)) return [];
    if (last && last.type !== version.type) throw invalid('checklist-type', 'type', `${last.type}, as in the earlier versions`);
    return [{ type: 'ChecklistPublished', data: version }];
  },
  evolve: ({ versions }, event) => ({ versions: [...versions, event.data] }),
};

/** The version in force on a local day, with its number (from 1): of the latest `validFrom` not after it the one published last. */
export const inForce = (state: ChecklistState, on: string): { readonly number: number; readonly version: ChecklistVersion } | undefined => {
  let found: { number: number; version: ChecklistVersion } | undefined;
  for (const [index, version] of state.versions.entries()) {
    if (version.validFrom <= on && (!found || version.validFrom >= found.version.validFrom)) found = { number: index + 1, version };
  }
  return found;
};
