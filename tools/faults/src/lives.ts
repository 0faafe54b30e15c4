import { isRetriable, Rejection } from '@sanwang/kernel';
import type { CallOptions } from '@sanwang/rpc';
import { CHECKLIST, clientsOf, districts, people, type Clients, type District } from './city.ts';
import type { Platform } from './platform.ts';

/** What a command was answered. */
export interface Answer {
  readonly id: string;
  readonly revision: number;
  readonly readToken: string;
}

/** One command of a life: who says it, on which kind of stream, under which Idempotency-Key; sent again it is the same command. */
export interface Command {
  readonly key: string;
  readonly subject: string;
  readonly aggregate: string;
  readonly readTokens: readonly string[];
  send(clients: Clients, options: CallOptions): Promise<Answer>;
}
/** Sends a command and resolves when it is acknowledged, however often that takes. */
export type Say = (command: Command) => Promise<Answer>;

/** How one business fares; every kind of command of the patrol net occurs in one of them. */
export interface Fate {
  readonly name: string;
  readonly district: District;
  readonly end: 'pass' | 'order' | 'corrected' | 'pushed-back' | 'cancelled';
  /** In the end the business's contact is erased. */
  readonly erased?: boolean;
  /** Calendar days of the order's limit. */
  readonly limitDays?: number;
  readonly contact?: string;
  readonly legalRepresentative?: string;
  /** Sent with the task's title, notes and reasons: free text of the officers. */
  readonly note?: string;
}

export const fateOf = (name: string, random: () => number): Fate => ({
  name,
  district: random() < 0.5 ? 'north' : 'south',
  end: (['pass', 'order', 'corrected', 'pushed-back', 'cancelled'] as const)[Math.floor(random() * 5)]!,
  erased: random() < 0.3,
});

export interface Lived {
  readonly business: string;
  /** Read token of its registration. */
  readonly registered: string;
  readonly task: string;
  readonly order: string | undefined;
}

/** The contact of a business that has none given: a word that occurs nowhere else. */
export const contactOf = (name: string): string => `联系人-${name}-ZQXJ`;

/** A business lives, and what is personal about it may be erased in the end. */
export const live = async (fate: Fate, say: Say): Promise<Lived> => {
  const lived = await work(fate, say);
  if (fate.erased) {
    await say({
      key: `${fate.name}-erase`,
      subject: people.operator,
      aggregate: 'directory.Subject',
      readTokens: [lived.registered],
      async send({ businesses, erasure }, options) {
        const { idempotencyKey: _key, ...asking } = options;
        const { contact } = await businesses.getBusiness({ id: lived.business }, asking);
        return erasure.eraseSubject({ id: contact!.subject, reason: 'asked for' }, options);
      },
    });
  }
  return lived;
};

/** A business is registered, a task about it pooled, dispatched, accepted, carried out and followed up: 3 to 12 commands. */
const work = async (fate: Fate, say: Say): Promise<Lived> => {
  const { name, district, end, note } = fate;
  const { area, inspectors } = districts[district];
  const [inspector] = inspectors;
  let readTokens: readonly string[] = [];
  const step = async (verb: string, subject: string, aggregate: string, send: Command['send']): Promise<string> => {
    const { id, readToken } = await say({ key: `${name}-${verb}`, subject, aggregate, readTokens, send });
    readTokens = [readToken];
    return id;
  };
  const task = 'patrol.Task';
  const visit = 'patrol.Visit';
  const order = 'patrol.Rectification';

  const business = await step('register', people.registrar, 'registration.Business', ({ businesses }, options) =>
    businesses.registerBusiness(
      {
        number: { kind: 'local', value: name, authority: 'wg' },
        name: `面馆 ${name}`,
        businessType: 'restaurant',
        address: `人民路 ${name} 号`,
        coordinates: { latitude: 26.7, longitude: 110.6 },
        area,
        licences: [],
        contact: fate.contact ?? contactOf(name),
        legalRepresentative: fate.legalRepresentative,
      },
      options,
    ),
  );
  const [registered] = readTokens as readonly [string];
  const id = await step('pool', people.dispatcher, task, ({ patrol }, options) =>
    patrol.poolTask(
      {
        channel: 'statutory',
        type: 'inspection',
        checklist: CHECKLIST,
        businessId: business,
        title: `Inspect ${name}`,
        source: { system: 'plan', key: name },
      },
      options,
    ),
  );
  if (end === 'cancelled') {
    await step('cancel', people.dispatcher, task, ({ patrol }, options) =>
      patrol.cancelTask({ id, reason: note ?? 'planned twice' }, options),
    );
    return { business, registered, task: id, order: undefined };
  }
  await step('dispatch', people.dispatcher, task, ({ patrol }, options) => patrol.dispatchTask({ id }, options));
  await step('assign', people.dispatcher, task, ({ patrol }, options) => patrol.assignTask({ id, officers: [...inspectors] }, options));
  if (end === 'pushed-back') {
    await step('push-back', inspector, task, ({ patrol }, options) =>
      patrol.pushBackTask({ id, reason: note ?? 'not our street' }, options),
    );
    return { business, registered, task: id, order: undefined };
  }
  await step('accept', inspector, task, ({ patrol }, options) => patrol.acceptTask({ id }, options));
  const visitId = await step('start', inspector, visit, ({ patrol }, options) =>
    patrol.startVisit({ taskId: id, officers: [...inspectors], position: { latitude: 26.7, longitude: 110.6 } }, options),
  );
  const passes = end === 'pass';
  await step('record', inspector, visit, ({ patrol }, options) =>
    patrol.recordItems(
      {
        id: visitId,
        items: [
          { number: '1', result: 'conforms', attachments: [] },
          { number: '2', result: passes ? 'conforms' : 'violates', attachments: [], note },
        ],
      },
      options,
    ),
  );
  await step('record-rest', inspector, visit, ({ patrol }, options) =>
    patrol.recordItems({ id: visitId, items: [{ number: '3', result: 'not-applicable', attachments: [] }] }, options),
  );
  await step('complete', inspector, visit, ({ patrol }, options) =>
    patrol.completeVisit({ id: visitId, result: passes ? 'pass' : 'fail', note, attachments: [], suggestions: [] }, options),
  );
  await step('close', inspector, task, ({ patrol }, options) => patrol.completeTask({ id, visitId }, options));
  if (passes) return { business, registered, task: id, order: undefined };
  const orderId = await step('order', inspector, order, ({ patrol }, options) =>
    patrol.issueRectification({ visitId, kind: 'order', items: [], limit: { days: fate.limitDays ?? 5 }, note }, options),
  );
  if (end === 'corrected') {
    await step('report', inspector, order, ({ patrol }, options) =>
      patrol.reportCorrection({ id: orderId, note, attachments: [] }, options),
    );
  }
  return { business, registered, task: id, order: orderId };
};

/** Says each command once, to a platform that is expected to be well; its read tokens may take a moment. */
export const sayTo =
  (platform: Platform): Say =>
  async ({ key, subject, readTokens, send }) => {
    try {
      return await send(clientsOf(platform, subject), { idempotencyKey: key, readTokens });
    } catch (error) {
      if (error instanceof Rejection) throw new Error(`${key}: ${error.code}/${error.reason}: ${error.message}`, { cause: error });
      throw error;
    }
  };

/** What may pass by itself, or is to be sent again later because there is too much to do. */
export const mayPass = (error: unknown): boolean =>
  isRetriable(error) || (error instanceof Rejection && error.facts['retryAfterSeconds'] !== undefined);

/** An error in a report: a rejection by its code and reason, any other with where it came from. */
export const told = (error: unknown): string =>
  error instanceof Rejection
    ? `${error.code}/${error.reason}: ${error.message}`
    : error instanceof Error
      ? (error.stack ?? error.message)
      : String(error);

/** Runs the work over the items with at most `width` in flight. */
export const inParallel = async <Item, Result>(
  items: readonly Item[],
  width: number,
  work: (item: Item) => Promise<Result>,
): Promise<readonly Result[]> => {
  const results: Result[] = [];
  const queue = items.entries();
  await Promise.all(
    Array.from({ length: width }, async () => {
      for (const [index, item] of queue) results[index] = await work(item);
    }),
  );
  return results;
};
