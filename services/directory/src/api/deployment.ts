import { ErasureServiceDefinition, SimulationServiceDefinition } from '@sanwang/contracts/directory';
import { command, defineApi, type Api } from '@sanwang/rpc';
import { answerOf, type ServiceContext } from '@sanwang/service';
import { z } from 'zod';
import { clock, clockId } from '../clock/decider.ts';
import { deployment, DEPLOYMENT_ID, type BeginDeployment } from '../deployment/decider.ts';
import { subject, subjectPattern } from '../subject/decider.ts';
import { instant, instantOf } from './words.ts';

export const simulationApi = (service: ServiceContext): Api =>
  defineApi(SimulationServiceDefinition, {
    // What comes after the answer happens at the simulated time: every service must have taken the mode.
    begin: command(z.strictObject({ clock: instant }), async (request, call) => {
      service.access.require(call.principal, 'directory.simulation.begin', {}, 'deployment', DEPLOYMENT_ID);
      const outcome = await service.execute(call, deployment, DEPLOYMENT_ID, request, async (): Promise<BeginDeployment> => ({
        type: 'begin',
        mode: 'simulation',
        clock: instantOf(request.clock),
        logEmpty: await service.deployment.logIsEmpty(),
      }));
      await service.deployment.settle(call.deadline);
      return answerOf(outcome);
    }),

    advanceClock: command(z.strictObject({ to: instant }), async (request, call) => {
      service.access.require(call.principal, 'directory.simulation.advance', {}, 'deployment', DEPLOYMENT_ID);
      const to = instantOf(request.to);
      await service.deployment.settle(call.deadline);
      const begun = (await service.load(deployment, DEPLOYMENT_ID)).state;
      const mode = begun.status === 'begun' ? begun.mode : undefined;
      const outcome = await service.execute(call, clock, clockId(to), request, () => ({
        type: 'advance',
        to,
        mode,
        now: service.clock.now(),
      }));
      await service.deployment.settle(call.deadline);
      return { ...answerOf(outcome), clock: to };
    }),
  });

export const erasureApi = (service: ServiceContext): Api =>
  defineApi(ErasureServiceDefinition, {
    eraseSubject: command(
      z.strictObject({ id: z.string().regex(subjectPattern, 'a subject such as officer.17'), reason: z.string().trim().min(1).max(200) }),
      async (request, call) => {
        service.access.require(call.principal, 'directory.subject.erase', {}, 'subject', request.id);
        const outcome = await service.execute(call, subject, request.id, request, {
          type: 'erase',
          subject: request.id,
          reason: request.reason,
        });
        // Also after a repeat: an earlier try may have ended between the event and the key.
        await service.deployment.destroyKey(request.id);
        return answerOf(outcome);
      },
    ),
  });
