import { forbiddenByState, invalid } from '@sanwang/kernel';
import type { ServiceContext } from '@sanwang/service';
import { checklist, inForce } from '../checklist/decider.ts';
import type { ChecklistVersion } from '../checklist/events.ts';
import type { TaskType } from '../shared/words.ts';

/** The checklists as decisions need them: from their own streams, strongly consistent. */
export interface Checklists {
  /** Refuses a checklist that does not exist or is for another type of work. */
  requireType(code: string, type: TaskType): Promise<void>;
  /** The version in force on a local day. */
  inForce(code: string, on: string): Promise<{ readonly number: number; readonly version: ChecklistVersion }>;
  version(code: string, number: number): Promise<ChecklistVersion>;
}

/** What is kept here never changes: a published version, and the type of a checklist. */
export const loadChecklists = (service: ServiceContext): Checklists => {
  const types = new Map<string, TaskType>();
  const versions = new Map<string, ChecklistVersion>();
  const load = async (code: string): Promise<readonly ChecklistVersion[]> => {
    const { state } = await service.load(checklist, code);
    for (const [index, version] of state.versions.entries()) {
      versions.set(`${code}@${index + 1}`, version);
      types.set(code, version.type);
    }
    return state.versions;
  };
  return {
    async requireType(code, type) {
      if (!types.has(code)) await load(code);
      const known = types.get(code);
      if (!known) throw invalid('checklist-unknown', 'checklist', 'the code of a published checklist');
      if (known !== type) throw invalid('checklist-type', 'checklist', `a checklist for work of the type ${type}`);
    },
    async inForce(code, on) {
      const found = inForce({ versions: await load(code) }, on);
      if (!found)
        throw forbiddenByState('no-checklist-in-force', `No version of the checklist ${code} is in force on ${on}.`, { code, on });
      return found;
    },
    async version(code, number) {
      const known = versions.get(`${code}@${number}`) ?? (await load(code))[number - 1];
      if (!known) throw new Error(`checklist ${code} has no version ${number}`);
      return known;
    },
  };
};
