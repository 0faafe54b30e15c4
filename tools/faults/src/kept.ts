import type { EventReader } from '@sanwang/event-store';
import type { Answer, Command } from './lives.ts';

/** A command and what it was answered. */
export interface Acknowledged {
  readonly command: Command;
  readonly answer: Answer;
}

interface Run {
  readonly stream: string;
  readonly commandId: string;
  readonly last: number;
}

/** The stretches of events with one commandId, stream by stream. */
const runsOf = async (log: EventReader, after: number): Promise<readonly Run[]> => {
  const runs = new Map<string, Run[]>();
  for await (const page of log.readAll({ prefix: '', after })) {
    for (const { stream, revision, metadata } of page.events) {
      const { commandId } = JSON.parse(metadata) as { commandId: string };
      const list = runs.get(stream) ?? [];
      runs.set(stream, list);
      const run: Run = { stream, commandId, last: revision };
      if (list.at(-1)?.commandId === commandId) list[list.length - 1] = run;
      else list.push(run);
    }
  }
  return [...runs.values()].flat();
};

/** Every command is acknowledged in the end, and each has left exactly one stretch of events in the log, where it was answered. */
export const logFaults = async (log: EventReader, after: number, acknowledged: readonly Acknowledged[]): Promise<readonly string[]> => {
  const faults: string[] = [];
  const runs = await runsOf(log, after);
  const ids = new Set(runs.map(({ commandId }) => commandId));
  if (ids.size !== runs.length) faults.push(`${runs.length - ids.size} commands were applied more than once`);
  const places = new Map(runs.map((run) => [`${run.stream}@${run.last}`, run.commandId]));
  for (const { command, answer } of acknowledged) {
    const place = `${command.aggregate}-${answer.id}@${answer.revision}`;
    if (!places.delete(place)) faults.push(`${command.key}: acknowledged at ${place}, and not in the log`);
  }
  for (const place of places.keys()) faults.push(`${place} is in the log, and no command was answered so`);
  return faults;
};
