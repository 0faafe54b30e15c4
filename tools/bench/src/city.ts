import { idFrom, uuidv7 } from '@sanwang/kernel';

/** A stream to be written: all its events in order. */
export interface NewStream {
  readonly stream: string;
  readonly events: readonly { readonly type: string; readonly data: object; readonly actor: string }[];
}

export const OFFICES = 50;
export const BUSINESSES = 2_000;
export const CHECKLIST = 'bench-food';
const ITEMS = Array.from({ length: 20 }, (_, index) => String(index + 1));

export const officeOf = (n: number): string => `bench-${String((n % OFFICES) + 1).padStart(2, '0')}`;
export const areaOf = (n: number): string => `9900${String((n % OFFICES) + 1).padStart(2, '0')}`;
/** The two inspectors of an office; the first one also dispatches. */
export const officersOf = (n: number): readonly [string, string] => [`${officeOf(n)}-1`, `${officeOf(n)}-2`];
export const businessOf = (n: number): number => n % BUSINESSES;
export const businessIdOf = (n: number): string => `local.bench.${String(businessOf(n)).padStart(6, '0')}`;
/** The name over the door, by which an officer searches. */
export const nameOf = (n: number): string => `${['福满', '鲜香', '顺达', '百味', '阳光'][n % 5]}餐饮店第${n}号`;

const officer = (id: string, unit: string, duties: readonly string[]): NewStream => ({
  stream: `directory.Officer-${id}`,
  events: [
    {
      type: 'OfficerRegistered',
      actor: 'bootstrap',
      data: {
        officerId: id,
        name: { subject: `officer.${id}`, value: '王小明' },
        unit,
        duties,
        certificate: { number: `MADE-UP-${id}`, validFrom: '2020-01-01', validTo: '2099-12-31' },
        active: true,
      },
    },
  ],
});
const unit = (code: string, data: object): NewStream => ({
  stream: `directory.Unit-${code}`,
  events: [{ type: 'UnitRegistered', actor: 'bootstrap', data: { code, validFrom: '2020-01-01', ...data } }],
});

/** A made-up city: units, officers, one checklist, businesses. */
export function* cityStreams(): Generator<NewStream> {
  yield unit('bench', { kind: 'city', name: '基准市', areas: ['99'], timeZone: 'Asia/Shanghai', calendar: 'cn' });
  for (let n = 0; n < OFFICES; n++) {
    const code = officeOf(n);
    yield unit(code, { kind: 'office', parent: 'bench', name: `第${n + 1}监管所`, areas: [areaOf(n)] });
    yield officer(officersOf(n)[0], code, ['dispatcher', 'inspector']);
    yield officer(officersOf(n)[1], code, ['inspector']);
  }
  yield {
    stream: `patrol.Checklist-${CHECKLIST}`,
    events: [
      {
        type: 'ChecklistPublished',
        actor: 'bootstrap',
        data: {
          title: '餐饮服务检查要点表',
          type: 'inspection',
          validFrom: '2020-01-01',
          items: ITEMS.map((number) => ({ number, text: `第${number}项：场所清洁，记录完整`, severity: 'minor' })),
          rule: { fail: { critical: 1, serious: 1 }, conditions: { critical: 1, serious: 1 } },
          signInRadius: 200,
        },
      },
    ],
  };
  for (let n = 0; n < BUSINESSES; n++) {
    const businessId = businessIdOf(n);
    yield {
      stream: `registration.Business-${businessId}`,
      events: [
        {
          type: 'BusinessRegistered',
          actor: 'bootstrap',
          data: {
            businessId,
            area: areaOf(n),
            number: { kind: 'local', value: String(n).padStart(6, '0'), authority: 'bench' },
            name: nameOf(n),
            businessType: 'restaurant',
            address: `人民路${n}号`,
            coordinates: { latitude: 22.5 + n / 1e5, longitude: 114 + n / 1e5 },
            licences: [{ number: `JY-${n}`, kind: 'food' }],
            riskGrade: 'B',
            source: 'import',
          },
        },
      ],
    };
  }
}

/** What a caller sends to pool task `key` of business `n`. */
export const poolRequest = (n: number, key: string) => ({
  channel: 'statutory',
  type: 'inspection',
  checklist: CHECKLIST,
  businessId: businessIdOf(n),
  title: `日常监督检查 ${key}`,
  source: { system: 'bench', key },
});

/** Answers to every item, two of them violated. */
export const answers = ITEMS.map((number) => ({ number, result: Number(number) % 10 === 0 ? 'violates' : 'conforms' }));

/** A task with its visit, as the commands leave them; one in ten is still open, at one step or another. */
export function* taskStreams(n: number, on: string): Generator<NewStream> {
  const { source, ...rest } = poolRequest(n, `loaded-${n}`);
  const id = idFrom('task', source.system, source.key);
  const [lead, second] = officersOf(businessOf(n));
  const about = { businessId: rest.businessId, area: areaOf(businessOf(n)) };
  const inUnit = { ...about, unit: officeOf(businessOf(n)) };
  const visitId = uuidv7();
  const pooled = { ...rest, ...about, businessName: nameOf(businessOf(n)), priority: 3, source };
  const steps = [
    { type: 'TaskPooled', actor: lead, data: pooled },
    { type: 'TaskDispatched', actor: lead, data: { ...inUnit, by: 'area' } },
    { type: 'TaskAssigned', actor: lead, data: { ...inUnit, officers: [lead, second], proposed: true } },
    { type: 'TaskAccepted', actor: lead, data: { ...inUnit, officer: lead } },
    { type: 'TaskCompleted', actor: lead, data: { ...inUnit, visitId, result: 'pass' } },
  ];
  const open = n % 10 === 9;
  yield { stream: `patrol.Task-${id}`, events: open ? steps.slice(0, 1 + (Math.trunc(n / 10) % 4)) : steps };
  if (open) return;
  const officers = [lead, second].map((one) => ({ id: one, certificate: `MADE-UP-${one}` }));
  const checklist = { code: CHECKLIST, version: 1, items: ITEMS.length };
  const violated = answers.filter((answer) => answer.result === 'violates').map(({ number }) => ({ number, severity: 'minor' }));
  const conforms = answers.filter((answer) => answer.result === 'conforms').map(({ number }) => number);
  const started = { ...inUnit, taskId: id, type: 'inspection', businessName: pooled.businessName, checklist, officers, on };
  const counts = { critical: 0, serious: 0, minor: violated.length };
  const completed = { ...inUnit, taskId: id, type: 'inspection', officers: [lead, second], result: 'pass', violated: counts };
  yield {
    stream: `patrol.Visit-${visitId}`,
    events: [
      { type: 'VisitStarted', actor: lead, data: started },
      { type: 'ItemsRecorded', actor: lead, data: { conforms, notApplicable: [], violates: violated } },
      { type: 'VisitCompleted', actor: lead, data: { ...completed, correctedOnSpot: 0 } },
    ],
  };
}
