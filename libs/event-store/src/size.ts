import { Rejection } from '@sanwang/kernel';
import { MAX_EVENT_BYTES, type SealedEvent } from './port.ts';

/** A UTF-16 unit takes at most three bytes of UTF-8: below this length nothing needs to be counted. */
const SURELY_SMALL = Math.floor(MAX_EVENT_BYTES / 3);

/** Throws `resource-exhausted/event-too-large` when one of the events exceeds `MAX_EVENT_BYTES`. Every adapter calls it before it appends. */
export const refuseTooLarge = (events: readonly SealedEvent[]): void => {
  for (const { type, data, metadata } of events) {
    if (data.length + metadata.length <= SURELY_SMALL) continue;
    const bytes = Buffer.byteLength(data) + Buffer.byteLength(metadata);
    if (bytes > MAX_EVENT_BYTES) {
      throw new Rejection(
        'resource-exhausted',
        'event-too-large',
        `${type} would take ${bytes} bytes; an event has at most ${MAX_EVENT_BYTES}.`,
        {
          facts: { bytes, most: MAX_EVENT_BYTES },
        },
      );
    }
  }
};
