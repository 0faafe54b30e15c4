import { describe, expect, it } from 'vitest';
import type { PublishedEvent } from '@sanwang/event-store';
import { messagePosition, messageType, messageVisibility, toMessage, toPublishedEvent } from './envelope.ts';
import type { BusMessage } from './port.ts';

const event: PublishedEvent = {
  context: 'patrol',
  type: 'TaskPooled',
  version: 2,
  visibility: 'public',
  stream: 'patrol.Task-面馆-1',
  id: 'a0b1c2d3-0000-4000-8000-000000000001',
  revision: 0,
  position: 4_711,
  at: '2026-11-23T08:00:00.000Z',
  recordedAt: '2026-11-23T08:00:00.123Z',
  actor: 'officer.17',
  commandId: 'a0b1c2d3-0000-4000-8000-000000000002',
  correlationId: 'a0b1c2d3-0000-4000-8000-000000000003',
  causationId: 'a0b1c2d3-0000-4000-8000-000000000004',
  traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
  data: { area: '440304', contact: { subject: 'person.1', key: 'k', iv: 'aXY=', data: 'ZGF0YQ==' } },
};
const onBus = (sent = toMessage(event), changed: Record<string, string | undefined> = {}): BusMessage => {
  const headers = Object.entries({ ...sent.headers, ...changed }).filter(([, value]) => value !== undefined);
  return { topic: 'sanwang.patrol.v1', partition: 3, offset: 9, ...sent, headers: Object.fromEntries(headers) as Record<string, string> };
};

describe('an event as a message', () => {
  it('is a CloudEvent in Kafka binary mode, keyed by its stream', () => {
    const { key, headers, value } = toMessage(event);
    expect(key).toBe(event.stream);
    expect(JSON.parse(value)).toEqual(event.data);
    expect(headers).toMatchObject({
      ce_specversion: '1.0',
      ce_id: event.id,
      ce_source: 'sanwang/patrol',
      ce_type: 'sanwang.patrol.TaskPooled.v2',
      ce_subject: event.stream,
      ce_time: event.at,
      ce_dataschema: '/schemas/sanwang.patrol.TaskPooled.v2.json',
      'content-type': 'application/json',
      traceparent: event.traceparent,
    });
  });

  it('comes back as it was', () => {
    expect({ ...toPublishedEvent(onBus()) }).toEqual({ ...event, rawData: onBus().value });
    const { causationId: _c, traceparent: _t, ...bare } = event;
    expect({ ...toPublishedEvent(onBus(toMessage(bare))) }).toEqual({ ...bare, rawData: JSON.stringify(bare.data) });
  });

  it('has no schema address when it is private: no schema of it is served', () => {
    expect(toMessage({ ...event, visibility: 'private' }).headers).not.toHaveProperty('ce_dataschema');
  });

  it('is sent as the text that the log holds, where that is at hand', () => {
    expect(toMessage({ ...event, rawData: '{ "as": "stored" }' }).value).toBe('{ "as": "stored" }');
    expect(toMessage({ ...event, rawData: '{}', rawVersion: 1 }).value).toBe(JSON.stringify(event.data));
  });

  it.each(['throws', 'gives nothing'])(
    'goes out as it was recorded, under the version it was recorded in, when its upcaster %s',
    (what) => {
      const broken: PublishedEvent = {
        ...event,
        rawData: '{"old":1}',
        rawVersion: 1,
        get data() {
          if (what === 'throws') throw new Error('planted');
          return undefined;
        },
      };
      const { headers, value } = toMessage(broken);
      expect(value).toBe('{"old":1}');
      expect(headers).toMatchObject({
        ce_type: 'sanwang.patrol.TaskPooled.v1',
        ce_dataschema: '/schemas/sanwang.patrol.TaskPooled.v1.json',
      });
    },
  );

  it('tells type, position and visibility although its value cannot be parsed', () => {
    const broken = { ...onBus(), value: '{' };
    expect(messageType(broken)).toEqual({ context: 'patrol', type: 'TaskPooled', version: 2, name: 'patrol.TaskPooled' });
    expect(messagePosition(broken)).toBe(4_711);
    expect(messageVisibility(broken)).toBe('public');
    const decoded = toPublishedEvent(broken);
    expect(decoded.stream).toBe(event.stream);
    expect(() => decoded.data).toThrow(expect.objectContaining({ code: 'data-loss', reason: 'message-damaged' }));
  });

  it('is brought to a newer version when its data is first used', () => {
    let upcasts = 0;
    const decoded = toPublishedEvent(onBus(), undefined, { version: 3, data: (data) => ({ ...(data as object), upcasts: ++upcasts }) });
    expect(decoded.version).toBe(3);
    expect(decoded.rawVersion).toBe(2);
    expect(decoded.rawData).toBe(onBus().value);
    expect(upcasts).toBe(0);
    expect(decoded.data).toEqual({ ...(event.data as object), upcasts: 1 });
    expect(decoded.data).toEqual({ ...(event.data as object), upcasts: 1 });
  });

  it.each([
    ['a type that is not ours', { ce_type: 'com.example.Thing' }],
    ['no type', { ce_type: undefined }],
    ['a position that is not a number', { sanwang_position: '12x' }],
    ['an unknown visibility', { sanwang_visibility: 'secret' }],
    ['no revision', { sanwang_revision: undefined }],
  ])('is refused as damaged with %s', (_what, changed) => {
    expect(() => toPublishedEvent(onBus(undefined, changed))).toThrow(
      expect.objectContaining({ code: 'data-loss', reason: 'message-damaged' }),
    );
  });
});
