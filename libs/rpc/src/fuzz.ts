import * as fc from 'fast-check';
import { cursed, fitting, spoiled } from './fuzz-values.ts';
import type { JsonSchema, OpenApiDocument, OpenApiOperation, OpenApiParameter } from './openapi.ts';

export interface FuzzOptions {
  readonly document: OpenApiDocument;
  /** E.g. `http://127.0.0.1:8080`. */
  readonly base: string;
  /** Tokens to call with; each request takes one of them. */
  readonly tokens: readonly string[];
  /** The same seed sends the same requests, as far as the answers (ids) are the same. */
  readonly seed: number;
  /** Requests per operation. */
  readonly runs: number;
  readonly skip?: (operationId: string) => boolean;
}

export interface FuzzFailure {
  readonly operation: string;
  readonly request: string;
  readonly why: string;
}
export interface FuzzReport {
  readonly requests: number;
  readonly statuses: Readonly<Record<number, number>>;
  /** Empty when every answer was 2xx, 4xx as problem+json, or 503. */
  readonly failures: readonly FuzzFailure[];
}

interface Plan {
  readonly values: Readonly<Record<string, unknown>>;
  readonly body: unknown;
  readonly token: number;
  readonly known: number;
  readonly form: 'json' | 'text' | 'bytes' | 'deep' | 'huge' | 'wrong-type' | 'empty';
  readonly noise: string;
}

/** Half of the requests fit the document in everything and reach the handlers; of the others most are spoiled somewhere. */
const plans = (document: JsonSchema, parameters: readonly OpenApiParameter[], body: JsonSchema | undefined): fc.Arbitrary<Plan> =>
  fc.oneof(
    plansOf(
      parameters.filter((parameter) => parameter.in !== 'header'),
      (schema) => fitting(document, schema),
      body && fitting(document, body),
      fc.constant('json'),
    ),
    plansOf(
      parameters,
      (schema) => fc.oneof({ arbitrary: spoiled(document, schema), weight: 6 }, { arbitrary: cursed, weight: 1 }),
      body && spoiled(document, body),
      fc.oneof(
        { arbitrary: fc.constant('json' as const), weight: 20 },
        {
          arbitrary: fc.constantFrom('text' as const, 'bytes' as const, 'deep' as const, 'wrong-type' as const, 'empty' as const),
          weight: 3,
        },
        { arbitrary: fc.constant('huge' as const), weight: 1 },
      ),
    ),
  );

const plansOf = (
  parameters: readonly OpenApiParameter[],
  valueOf: (schema: JsonSchema) => fc.Arbitrary<unknown>,
  body: fc.Arbitrary<unknown> | undefined,
  form: fc.Arbitrary<Plan['form']>,
): fc.Arbitrary<Plan> =>
  fc.record({
    values: fc.record(Object.fromEntries(parameters.map(({ name, schema }) => [name, valueOf(schema)])), {
      requiredKeys: parameters.filter(({ required }) => required).map(({ name }) => name),
    }),
    body: body ?? fc.constant(undefined),
    token: fc.nat(),
    known: fc.nat(),
    form,
    noise: fc.string({ maxLength: 60 }),
  });

const printable = (value: unknown): string => String(typeof value === 'object' ? JSON.stringify(value) : value).toWellFormed();
const headerValue = (value: unknown): string =>
  printable(value)
    .replaceAll(/[^\x21-\x7e ]/g, '')
    .trim()
    .slice(0, 2000);

const DEEP = `${'{"a":['.repeat(20_000)}${']}'.repeat(20_000)}`;

const bodyOf = (plan: Plan): { readonly body: string | Uint8Array | undefined; readonly type: string | undefined } => {
  const type = 'application/json';
  switch (plan.form) {
    case 'json':
      return { body: JSON.stringify(plan.body) ?? '', type };
    case 'text':
      return { body: `{${plan.noise}`, type };
    case 'bytes':
      return { body: Uint8Array.from(plan.noise, (character) => character.charCodeAt(0) & 0xff), type };
    case 'deep':
      return { body: DEEP, type };
    case 'huge':
      return { body: JSON.stringify({ x: 'x'.repeat(1_100_000) }), type };
    case 'wrong-type':
      return { body: plan.noise, type: 'text/plain' };
    case 'empty':
      return { body: undefined, type: undefined };
  }
};

/** Remembers the ids that answers name, so that later requests also hit things that exist. */
const idPool = () => {
  const pool: string[] = [];
  const learn = (node: unknown): void => {
    if (Array.isArray(node)) return node.slice(0, 5).forEach(learn);
    if (typeof node !== 'object' || node === null) return;
    const { id, items } = node as { id?: unknown; items?: unknown };
    if (typeof id === 'string' && !pool.includes(id)) pool.push(id);
    if (pool.length > 200) pool.shift();
    learn(items);
  };
  return { learn, pick: (n: number): string | undefined => pool[n % Math.max(1, pool.length)] };
};

const faultOf = (status: number, type: string, text: string): string | undefined => {
  if (status >= 200 && status < 300) return undefined;
  if (status >= 500 && status !== 503) return `status ${status}: ${text.slice(0, 500)}`;
  if (!type.startsWith('application/problem+json')) return `status ${status} without a problem document: ${text.slice(0, 200)}`;
  const problem = JSON.parse(text) as Record<string, unknown>;
  return typeof problem['code'] === 'string' && typeof problem['reason'] === 'string'
    ? undefined
    : `a problem without code or reason: ${text.slice(0, 200)}`;
};

/**
 * Sends seeded requests, some valid and most broken in one way, to every operation of the document. A failure is a 5xx other
 * than 503, an error without a problem document, or no answer at all.
 */
export const fuzzOpenApi = async (options: FuzzOptions): Promise<FuzzReport> => {
  const document = options.document as unknown as JsonSchema;
  const ids = idPool();
  const statuses: Record<number, number> = {};
  const failures: FuzzFailure[] = [];
  let requests = 0;

  const sendPlan = async (
    path: string,
    verb: string,
    operation: OpenApiOperation,
    parameters: readonly OpenApiParameter[],
    plan: Plan,
  ): Promise<void> => {
    const headers: Record<string, string> = { authorization: `Bearer ${options.tokens[plan.token % options.tokens.length] ?? ''}` };
    const query = new URLSearchParams();
    let url = path;
    for (const { name, in: place } of parameters) {
      if (!Object.hasOwn(plan.values, name)) continue;
      const value = plan.values[name];
      if (place === 'header') headers[name] = headerValue(value);
      else if (place === 'query')
        for (const item of Array.isArray(value) ? value.slice(0, 20) : [value]) query.append(name, printable(item).slice(0, 2000));
      else
        url = url.replace(`{${name}}`, () =>
          encodeURIComponent((plan.known % 3 > 0 ? ids.pick(plan.known) : undefined) ?? (printable(value).slice(0, 2000) || 'x')),
        );
    }
    const { body, type } = verb === 'get' ? { body: undefined, type: undefined } : bodyOf(plan);
    if (type !== undefined) headers['content-type'] = type;
    const target = `${url}${query.size > 0 ? `?${query}` : ''}`;
    const fail = (why: string) =>
      failures.push({
        operation: operation.operationId,
        request: `${verb.toUpperCase()} ${target.slice(0, 300)} ${String(body ?? '').slice(0, 500)}`,
        why,
      });
    requests++;
    try {
      const response = await fetch(options.base + target, {
        method: verb.toUpperCase(),
        headers,
        ...(body === undefined ? {} : { body: body as string }),
      });
      const text = await response.text();
      statuses[response.status] = (statuses[response.status] ?? 0) + 1;
      const fault = faultOf(response.status, response.headers.get('content-type') ?? '', text);
      if (fault !== undefined) fail(fault);
      else if (response.ok) ids.learn(JSON.parse(text));
    } catch (error) {
      // The server may refuse a huge body and close before it is read; everything else must be answered.
      if (plan.form !== 'huge') fail(`no answer: ${String(error)}`);
    }
  };

  const operations = Object.entries(options.document.paths).flatMap(([path, item]) =>
    Object.entries(item)
      .filter(([, operation]) => options.skip?.(operation.operationId) !== true)
      .map(([verb, operation]) => {
        const parameters = operation.parameters.map((parameter) =>
          '$ref' in parameter
            ? (options.document.components['parameters'] as Record<string, OpenApiParameter>)[parameter.$ref.split('/').at(-1)!]!
            : parameter,
        );
        const arbitrary = plans(document, parameters, operation.requestBody?.content['application/json']?.schema);
        return { path, verb, operation, parameters, plans: fc.sample(arbitrary, { numRuns: options.runs, seed: options.seed }) };
      }),
  );
  // Round by round rather than operation by operation, so that what one creates another finds.
  for (let run = 0; run < options.runs; run++) {
    for (const { path, verb, operation, parameters, plans: planned } of operations)
      await sendPlan(path, verb, operation, parameters, planned[run]!);
  }
  return { requests, statuses, failures };
};
