import { openLocalIssuer } from '@sanwang/identity';
import { officersOf } from '../city.ts';
import { cpuOf, IN_FLIGHT, type BenchSize } from '../context.ts';
import { connectHttp, type HttpConnection } from '../http-client.ts';
import { closedLoop, connectCrowd, during } from '../load.ts';
import { startPlatform } from '../platform-process.ts';
import type { Figure } from '../report.ts';

const OVERLOAD = 10;
/** More than the platform lets in and lets wait. */
const CALLERS = 3_000;
/** The platform is itself again when so many calls in a row are answered. */
const IN_A_ROW = 20;
const GIVEN_UP_AFTER_S = 60;
const LIST = '/v1/patrol/tasks?pageSize=50';

/** P12: what is still answered when ten times as much is asked as can be, and how soon after it everything is again. */
export const overload = async (folder: string, size: BenchSize): Promise<readonly Figure[]> => {
  const platform = await startPlatform(folder);
  try {
    const token = await (await openLocalIssuer(folder)).issue({ subject: officersOf(0)[0], ttlSeconds: 3_600 });
    let statuses: Record<number, number> = {};
    let firstAsked = 0;
    let lastAsked = 0;
    const ask = async (connection: HttpConnection): Promise<number> => {
      lastAsked = performance.now();
      firstAsked ||= lastAsked;
      const { status } = await connection.request('GET', LIST, { authorization: `Bearer ${token}` });
      statuses[status] = (statuses[status] ?? 0) + 1;
      return status;
    };
    /** Answers per second that the platform's process computed: what else the machine does is not counted. */
    const measured = async (load: () => Promise<unknown>) => {
      statuses = {};
      firstAsked = 0;
      const cpu = await cpuOf(platform.process, load);
      const seconds = (performance.now() - firstAsked) / 1_000;
      const asked = Object.values(statuses).reduce((sum, count) => sum + count, 0);
      const { 200: answered = 0, 429: refused = 0 } = statuses;
      return { perCpuSecond: answered / cpu, perSecond: answered / seconds, askedPerSecond: asked / seconds, asked, answered, refused };
    };
    const most = () => closedLoop(platform.http, IN_FLIGHT, during(size.seconds), async (connection) => void (await ask(connection)));
    await most();
    const ceiling = await measured(most);
    const perSecond = ceiling.perSecond * OVERLOAD;
    const crowd = await connectCrowd(platform.http, CALLERS);
    const over = await measured(() => crowd.ask({ perSecond, seconds: size.seconds }, async (connection) => void (await ask(connection))));
    crowd.leave();
    const recovered = await recovery(platform.http, lastAsked, ask);
    const ratio = over.perCpuSecond / ceiling.perCpuSecond;
    return [
      {
        id: 'P12',
        name: `answered per CPU second, asked ${OVERLOAD} times the most`,
        unit: 'lists',
        value: over.perCpuSecond,
        floor: ceiling.perCpuSecond,
        ratio,
        aim: 'ratio ≥ 0.9',
        met: ratio >= 0.9,
        beside: {
          'answered per second at the most': ceiling.perSecond,
          'answered per second under the overload': over.perSecond,
          'asked per second': over.askedPerSecond,
          'answers other than 200 and 429': over.asked - over.answered - over.refused,
        },
      },
      {
        id: 'P12',
        name: 'after the overload, until everything is answered again',
        unit: 's',
        value: recovered,
        aim: '≤ 30 s',
        met: recovered <= 30,
        beside: {},
      },
    ];
  } finally {
    await platform.stop();
  }
};

/** Seconds from `since` to the first of the calls that are all answered. */
const recovery = async (http: string, since: number, ask: (connection: HttpConnection) => Promise<number>): Promise<number> => {
  const connection = await connectHttp(http);
  let inARow = 0;
  let from = performance.now();
  while (inARow < IN_A_ROW && from - since < GIVEN_UP_AFTER_S * 1_000) {
    if (inARow === 0) from = performance.now();
    inARow = (await ask(connection)) === 200 ? inARow + 1 : 0;
  }
  connection.close();
  return (from - since) / 1_000;
};
