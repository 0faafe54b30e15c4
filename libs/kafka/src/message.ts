import type { BusMessage } from '@sanwang/messaging';
import type { KafkaMessage } from 'kafkajs';
import { GENERATION_HEADER } from './seat.ts';

/** No event is longer (64 KiB, and some room); of a longer value only the beginning is handed on. */
const LONGEST_VALUE = 256 * 1024;
const EXCERPT = 1_024;

const textOf = (header: NonNullable<KafkaMessage['headers']>[string]): string | undefined => {
  const one = Array.isArray(header) ? header.at(-1) : header;
  return one === undefined ? undefined : one.toString();
};

/** The topic generation for which a relay published the message; absent where no relay did. */
export const generationOf = ({ headers }: Pick<KafkaMessage, 'headers'>): string | undefined => textOf(headers?.[GENERATION_HEADER]);

/** A record of Kafka as the port's message, whoever wrote it. */
export const toBusMessage = (topic: string, partition: number, record: KafkaMessage): BusMessage => {
  const headers: Record<string, string> = {};
  for (const [name, header] of Object.entries(record.headers ?? {})) {
    const text = name === GENERATION_HEADER ? undefined : textOf(header);
    if (text !== undefined) headers[name] = text;
  }
  const { value } = record;
  const cut = value !== null && value.length > LONGEST_VALUE;
  return {
    topic,
    partition,
    offset: Number(record.offset),
    key: record.key?.toString() ?? '',
    headers,
    value: value === null ? '' : value.subarray(0, cut ? EXCERPT : value.length).toString(),
    ...(cut && { cutFrom: value.length }),
  };
};
