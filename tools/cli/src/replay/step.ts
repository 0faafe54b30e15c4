import { invalid, Rejection } from '@sanwang/kernel';
import type { Plan, Step, StepKey } from '@sanwang/replay';
import type { CallOptions } from '@sanwang/rpc';
import type { TimeLimit } from '@sanwang/statutory';
import { persist, type OfficerClients } from './clients.ts';

/** What a step's answer is needed for: the id it made, and the token of what later steps must see. */
interface Answer {
  readonly id: string;
  readonly readToken: string;
}

/** Sends steps as commands. The ids of tasks, visits and orders are taken from the answers. */
export interface StepSender {
  /** `tokens`: what the chain's earlier steps in other contexts have changed; the step's own token is added to it. */
  send(step: Step, tokens: string[]): Promise<void>;
}

const limitOf = ({ days, unit }: TimeLimit) => (unit === 'working-days' ? { workingDays: days } : { days });

export const stepSender = (
  plan: Plan,
  clients: (subject: string) => Promise<OfficerClients>,
  fingerprint: string,
  signal: AbortSignal,
): StepSender => {
  const ids = new Map<StepKey, string>();

  /** The id that a making step gave; after an interruption the step is sent again, and gets the same answer. */
  const idOf = async (key: StepKey): Promise<string> => {
    const known = ids.get(key);
    if (known !== undefined) return known;
    const step = plan.step(key);
    if (!step) throw invalid('plan', key, 'a step of the plan');
    const { id } = await command(step, []);
    ids.set(key, id);
    return id;
  };

  const command = async (step: Step, readTokens: readonly string[]): Promise<Answer> => {
    const { businesses, patrol } = await clients(step.actor);
    const options: CallOptions = { idempotencyKey: `${fingerprint}-${step.key}`, timeoutMs: 60_000, readTokens };
    const send = async (): Promise<Answer> => {
      switch (step.kind) {
        case 'registerBusiness':
          return businesses.registerBusiness(
            { ...step.business, licences: step.business.licences.map((licence) => ({ ...licence })), source: 'import' },
            options,
          );
        case 'correctBusiness':
          return businesses.correctBusiness({ id: step.businessId, name: step.name }, options);
        case 'moveBusiness':
          return businesses.moveBusiness(
            { id: step.businessId, address: step.address, area: step.area, coordinates: step.coordinates },
            options,
          );
        case 'poolTask':
          return patrol.poolTask({ ...step.task, ...(step.recheckOf !== undefined && { recheckOf: await idOf(step.recheckOf) }) }, options);
        case 'dispatch':
          return patrol.dispatchTask({ id: await idOf(step.task), unit: step.unit }, options);
        case 'assign':
          return patrol.assignTask({ id: await idOf(step.task), officers: [...step.officers] }, options);
        case 'accept':
          return patrol.acceptTask({ id: await idOf(step.task) }, options);
        case 'startVisit':
          return patrol.startVisit(
            { taskId: await idOf(step.task), officers: [...step.officers], position: step.position, startedAt: step.startedAt },
            options,
          );
        case 'recordItems':
          return patrol.recordItems(
            { id: await idOf(step.visit), items: step.answers.map((answer) => ({ attachments: [], ...answer })) },
            options,
          );
        case 'completeVisit':
          return patrol.completeVisit(
            {
              id: await idOf(step.visit),
              result: step.result,
              reason: step.reason,
              attachments: [],
              suggestions: step.suggestions.map(({ kind, items }) => ({ kind, items: [...items] })),
              completedAt: step.completedAt,
            },
            options,
          );
        case 'correctOnTheSpot':
          return patrol.issueRectification({ visitId: await idOf(step.visit), kind: 'on-the-spot', items: [...step.items] }, options);
        case 'issueOrder': {
          const answer = await patrol.issueRectification(
            { visitId: await idOf(step.visit), kind: 'order', items: [...step.items], limit: limitOf(step.limit) },
            options,
          );
          if (answer.dueOn !== step.dueOn)
            throw new Rejection('internal', 'limit-differs', `${step.key}: due on ${answer.dueOn}, expected ${step.dueOn}`);
          return answer;
        }
        case 'reportCorrection':
          return patrol.reportCorrection({ id: await idOf(step.order), attachments: [] }, options);
        case 'recordRecheck':
          return patrol.recordRecheck(
            {
              id: await idOf(step.order),
              visitId: await idOf(step.visit),
              result: step.result,
              limit: step.newLimit && limitOf(step.newLimit),
              suggestCase: step.suggestCase,
            },
            options,
          );
        case 'completeTask':
          return patrol.completeTask({ id: await idOf(step.task), visitId: await idOf(step.visit) }, options);
      }
    };
    try {
      return await persist(send, signal);
    } catch (error) {
      if (!(error instanceof Rejection)) throw error;
      throw new Rejection(error.code, error.reason, `${step.key}: ${error.message}`, {
        violations: error.violations,
        facts: error.facts,
        cause: error,
      });
    }
  };

  return {
    async send(step, tokens) {
      const { id, readToken } = await command(step, tokens);
      if (step.kind === 'poolTask' || step.kind === 'startVisit' || step.kind === 'issueOrder') ids.set(step.key, id);
      if (step.kind === 'registerBusiness' || step.kind === 'correctBusiness' || step.kind === 'moveBusiness') tokens.push(readToken);
    },
  };
};
