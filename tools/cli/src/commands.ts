import type { Where } from './platform.ts';

/** A command of the CLI; its module is loaded only when it is called. `run` answers the exit code (nothing: 0). */
export interface Command {
  readonly summary: string;
  readonly usage: string;
  load(): Promise<{ run(args: readonly string[], where: Where): Promise<number | void> }>;
}

export const commands: Readonly<Record<string, Command>> = {
  start: { summary: 'run the platform (npm start)', usage: 'start', load: () => import('./commands/start.ts') },
  token: {
    summary: 'a token for an officer, or for the bootstrap subject (--as admin)',
    usage: 'token --as OFFICER [--hours N]',
    load: () => import('./commands/token.ts'),
  },
  status: {
    summary: 'how relays, models and timers are doing',
    usage: 'status [--as OFFICER]',
    load: () => import('./commands/status.ts'),
  },
  import: {
    summary: 'take units, officers, calendars or businesses from a CSV file',
    usage: 'import units|officers|calendars|businesses FILE [--as OFFICER] [--errors FILE]',
    load: () => import('./commands/import.ts'),
  },
  export: {
    summary: 'write businesses or visits as CSV',
    usage: 'export businesses|visits --csv [FILE] [--as OFFICER]',
    load: () => import('./commands/export.ts'),
  },
  replay: {
    summary: "run a city's inspections through the platform (the made-up city without FILE)",
    usage: 'replay [FILE] [--rows N] [--seed N] [--json FILE] [--quiet]',
    load: () => import('./commands/replay.ts'),
  },
  rebuild: {
    summary: 'build read models anew from the log',
    usage: 'rebuild [CONTEXT.MODEL] [--as OFFICER]',
    load: () => import('./commands/rebuild.ts'),
  },
  parked: {
    summary: 'list, replay or drop events that a model could not take in',
    usage: 'parked [list | show MODEL KEY | replay MODEL KEY | drop MODEL KEY --reason TEXT] [--as OFFICER]',
    load: () => import('./commands/parked.ts'),
  },
  verify: {
    summary: 'check log, hash chains and every model; exit 1 on damage',
    usage: 'verify [--as OFFICER]',
    load: () => import('./commands/verify.ts'),
  },
  erase: {
    summary: "destroy a data subject's key and purge every model",
    usage: 'erase SUBJECT --reason TEXT [--as OFFICER]',
    load: () => import('./commands/erase.ts'),
  },
  backup: {
    summary: 'copy log, keys and attachments while the platform runs',
    usage: 'backup [NAME] [--as OFFICER]',
    load: () => import('./commands/backup.ts'),
  },
  restore: {
    summary: 'make a data folder from a backup, without the subjects erased since',
    usage: 'restore FOLDER [--erased FILE] [--none-erased]',
    load: () => import('./commands/restore.ts'),
  },
  topics: {
    summary: "make and set up Kafka's topics and rights as a file says (SANWANG_KAFKA)",
    usage: 'topics apply [FILE] [--dry-run]',
    load: () => import('./commands/topics.ts'),
  },
  bench: {
    summary: 'measure the platform beside its floors',
    usage: 'bench [--cluster] [--small] [--json FILE] [--only P1,P3] [--profile FOLDER]',
    load: () => import('./commands/bench.ts'),
  },
  reorganise: {
    summary: 'announce, withdraw or list reorganisations of units 机构改革',
    usage: 'reorganise [list | announce FILE | withdraw ID --reason TEXT] [--as OFFICER]',
    load: () => import('./commands/reorganise.ts'),
  },
  'new-service': {
    summary: 'write a new service from the template',
    usage: 'new-service NAME [--aggregate Thing]',
    load: () => import('./commands/new-service.ts'),
  },
};
