import { UnitServiceDefinition } from '@sanwang/contracts/directory';
import { directoryModels, type Unit } from '@sanwang/identity';
import { notFound } from '@sanwang/kernel';
import { command, defineApi, query, type Api, type Call } from '@sanwang/rpc';
import { answerOf, listFields, searchField, type ServiceContext } from '@sanwang/service';
import { z } from 'zod';
import { unitKinds, type UnitData } from '../shared/unit.ts';
import { unit, type UnitCommand, type UnitFacts, type UnitState } from '../unit/decider.ts';
import { listUnitsInForce } from './unit-list.ts';
import { slug, unitFields } from './words.ts';

/** The directory's own copy of the units, which tells which of their versions are in force. */
const [copy, copyOfReorganisations] = directoryModels('directory');

export const unitApi = (service: ServiceContext): Api => {
  /** The unit as its own stream last described it, and as a reorganisation has made it since. */
  const known = (code: string, state: UnitState): { recorded: UnitData | undefined; reorganised: UnitData | undefined } => {
    const recorded = state.status === 'registered' ? state.unit : undefined;
    const present = service.directory.unit(code);
    return {
      recorded,
      reorganised: present && (!recorded || present.validFrom > recorded.validFrom) ? { ...present, areas: [...present.areas] } : undefined,
    };
  };
  const factsAbout = async (code: string, parent: string | undefined, state: UnitState): Promise<UnitFacts> => {
    const above = parent === undefined ? undefined : known(parent, (await service.load(unit, parent)).state);
    return {
      parent: above?.reorganised ?? above?.recorded,
      cityUnit: service.directory.cityUnit()?.code,
      reorganised: known(code, state).reorganised,
    };
  };
  const caughtUp = (call: Call): Promise<unknown> =>
    Promise.all([copy, copyOfReorganisations].map((model) => service.caughtUp(call, model)));
  const shown = (found: Unit) => ({ ...found, areas: [...found.areas], revision: service.directory.unitRevision(found.code) ?? -1 });
  /** Who keeps a unit keeps what is below it, not the unit itself: nobody widens his own jurisdiction. */
  const requireAbove = (call: Call, parent: string | undefined, code: string): void =>
    service.access.require(call.principal, 'directory.unit.write', parent === undefined ? {} : { unit: parent }, 'unit', code);

  return defineApi(UnitServiceDefinition, {
    registerUnit: command(z.strictObject({ ...unitFields, kind: z.enum(unitKinds) }), async (request, call) => {
      requireAbove(call, request.parent, request.code);
      const outcome = await service.execute(call, unit, request.code, request, async (state): Promise<UnitCommand> => ({
        type: 'register',
        unit: request,
        facts: await factsAbout(request.code, request.parent, state),
      }));
      return answerOf(outcome);
    }),

    changeUnit: command(z.strictObject(unitFields), async (request, call) => {
      const outcome = await service.execute(call, unit, request.code, request, async (state): Promise<UnitCommand> => {
        const { recorded, reorganised } = known(request.code, state);
        requireAbove(call, (reorganised ?? recorded)?.parent, request.code);
        requireAbove(call, request.parent, request.code);
        return { type: 'change', unit: request, facts: await factsAbout(request.code, request.parent, state) };
      });
      return answerOf(outcome);
    }),

    getUnit: query(z.strictObject({ code: slug }), async ({ code }, call) => {
      service.access.scope(call.principal, 'directory.unit.read');
      await caughtUp(call);
      const found = service.directory.unit(code);
      if (!found) throw notFound('unit', code);
      return shown(found);
    }),

    listUnits: query(
      z.strictObject({ ...listFields(['code', 'name']), ...searchField, parent: slug.optional(), kind: z.enum(unitKinds).optional() }),
      async (request, call) => {
        service.access.scope(call.principal, 'directory.unit.read');
        await caughtUp(call);
        const { items, nextPageToken } = listUnitsInForce(service.directory, request);
        return { items: items.map(shown), nextPageToken };
      },
    ),
  });
};
