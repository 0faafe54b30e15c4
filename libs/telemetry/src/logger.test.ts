import { Rejection, invalid } from '@sanwang/kernel';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { createLogger, type Logger } from './logger.ts';

const CANARY = '张三丰-CANARY';
const TOKEN = `eyJhbGciOiJFUzI1NiJ9.eyJzdWIiOiJvZmZpY2VyIn0.c2lnbmF0dXJl`;

const written = (write: (logger: Logger) => void): string => {
  let text = '';
  write(createLogger({ level: 'trace', destination: { write: (line) => void (text += line) } }));
  return text;
};
const thrownBy = (work: () => unknown): Error => {
  try {
    work();
  } catch (error) {
    return error as Error;
  }
  return expect.unreachable('nothing was thrown');
};

describe('the log', () => {
  it('writes level, time, message and the listed fields', () => {
    const line = JSON.parse(
      written((logger) => logger.info({ consumer: 'patrol.tasks', position: 7, topic: 'sanwang.patrol.v1' }, 'caught up')),
    ) as object;
    expect(line).toMatchObject({ level: 'info', consumer: 'patrol.tasks', position: 7, topic: 'sanwang.patrol.v1', msg: 'caught up' });
    expect(line).toHaveProperty('time', expect.stringMatching(/Z$/));
  });
  it('says of a failure what it is and where', () => {
    const line = JSON.parse(written((logger) => logger.error(new RangeError('out of range'), 'stopped'))) as { err: { stack: string } };
    expect(line).toMatchObject({ err: { type: 'RangeError', message: 'out of range' }, msg: 'stopped' });
    expect(line.err.stack).toMatch(/^\s+at /);
    const refused = written((logger) =>
      logger.warn({ err: new Rejection('unavailable', 'bus-unavailable', 'The bus is away.') }, 'paused'),
    );
    expect(JSON.parse(refused)).toMatchObject({ err: { code: 'unavailable', reason: 'bus-unavailable', message: 'The bus is away.' } });
  });

  const officer = { subject: 'officer.17', value: CANARY };
  const leaks: Readonly<Record<string, (logger: Logger) => void>> = {
    'an unlisted field': (logger) => logger.info({ contact: CANARY }, 'x'),
    'a personal field': (logger) => logger.info({ officer, state: { officer } }, 'x'),
    'a body': (logger) =>
      logger.info(
        { body: { phone: CANARY }, req: { method: 'POST', url: '/v1/officers', body: CANARY, headers: { authorization: CANARY } } },
        'x',
      ),
    'a search in a URL': (logger) =>
      logger.info({ url: `/v1/businesses?q=${CANARY}`, req: { method: 'GET', url: `/v1/businesses?q=${CANARY}` } }, 'x'),
    'a response': (logger) => logger.info({ res: { statusCode: 200, payload: CANARY } }, 'x'),
    'a field deep inside a listed one': (logger) => logger.info({ state: [{ deep: { legalRepresentative: CANARY } }] }, 'x'),
    'an argument of the message': (logger) => logger.info('officer %s', CANARY),
    'an argument after the message': (logger) => logger.info({ count: 1 }, 'officer %s', CANARY),
    'a child logger': (logger) => logger.child({ contact: CANARY }).info('x'),
    "a child's child": (logger) => logger.child({ context: 'patrol' }).child({ contact: CANARY }, { level: 'debug' }).info('x'),
    "a parser's error": (logger) =>
      logger.error(
        thrownBy(() => JSON.parse(`{"a":${CANARY}`)),
        'x',
      ),
    "a parser's error without a message": (logger) => logger.error(thrownBy(() => JSON.parse(CANARY))),
    "a parser's error in a field, without a message": (logger) => logger.error({ err: thrownBy(() => JSON.parse(CANARY)) }),
    "a schema's error": (logger) =>
      logger.error(
        thrownBy(() => z.strictObject({}).parse({ [CANARY]: 1 })),
        'x',
      ),
    'an invalid argument': (logger) => logger.error(invalid('unknown-field', CANARY, 'nothing'), 'x'),
    'the cause of an error': (logger) => logger.error(new Error('outer', { cause: thrownBy(() => JSON.parse(CANARY)) }), 'x'),
    'a property of an error': (logger) => logger.error(Object.assign(new Error('outer'), { row: CANARY }), 'x'),
    'a map': (logger) => logger.info({ state: new Map([['officer', CANARY]]) }, 'x'),
  };
  it.each(Object.entries(leaks))('does not write %s', (_, write) => {
    const text = written(write);
    expect(text).toContain('"level"');
    expect(text).not.toContain('CANARY');
  });

  const tokens: Readonly<Record<string, (logger: Logger) => void>> = {
    'in a field': (logger) => logger.info({ reason: `was ${TOKEN}` }, 'x'),
    'in the message': (logger) => logger.info(`got ${TOKEN}`),
    'in a header': (logger) => logger.info({ reason: `Authorization: Bearer ${TOKEN}` }, 'x'),
    'in an error': (logger) => logger.error(new Error(`refused ${TOKEN}`)),
    "in an error's stack": (logger) => logger.error(new Error(`refused ${TOKEN}`), 'x'),
  };
  it.each(Object.entries(tokens))('does not write a token %s', (_, write) => {
    const text = written(write);
    for (const part of TOKEN.split('.')) expect(text).not.toContain(part);
  });
});
