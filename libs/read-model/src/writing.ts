import { eraseSubjects } from './personal.ts';
import type { Document, ModelGeneration, ModelWrite } from './port.ts';

export type Written = ModelWrite['documents'][number];

/** Removed documents under these ids remember whose values must not be opened again, wherever the key still is. */
export const ERASED_ID = '$erased.';

export interface Writing {
  /** The subjects that the batch erases. */
  readonly erasing: ReadonlySet<string>;
  /** Other instances may write to the generation at the same time. */
  readonly shared: boolean;
  written(id: string, revision: number, doc: Document | undefined): Written;
}

/** Which of the subjects somebody has marked as erased. */
export const markedAmong = async (generation: Pick<ModelGeneration, 'load'>, subjects: Iterable<string>): Promise<ReadonlySet<string>> => {
  const asked = [...subjects];
  if (asked.length === 0) return new Set();
  const marks = await generation.load(asked.map((subject) => ERASED_ID + subject));
  return new Set(asked.filter((subject) => (marks.get(ERASED_ID + subject)?.revision ?? -1) >= 0));
};

/** Those of the documents that hold values of the subjects, without them. */
const without = (
  documents: Iterable<Pick<Written, 'id' | 'revision' | 'doc'>>,
  subjects: ReadonlySet<string>,
  { written }: Writing,
): Written[] =>
  [...documents].flatMap(({ id, revision, doc }) => {
    const erased = doc && eraseSubjects(doc, subjects);
    return erased === doc ? [] : [written(id, revision, erased)];
  });

/**
 * What another instance wrote of the erased subjects while they were erased here, and what was written here of subjects that
 * another has erased meanwhile. Who erases sets a mark and then looks for values; who writes values then looks for marks: one of the
 * two sees the other.
 */
const eraseEverywhere = async (
  generation: ModelGeneration,
  documents: readonly Written[],
  writing: Writing,
): Promise<readonly Written[]> => {
  const rewritten: Written[] = [];
  const write = async (again: readonly Written[]): Promise<void> => {
    if (again.length > 0) await generation.write({ documents: again, progress: [] });
    rewritten.push(...again);
  };
  for (;;) {
    const left = new Map<string, Written>();
    for (const subject of writing.erasing) {
      for (const [id, { revision, doc }] of await generation.load(await generation.idsOfSubject(subject)))
        left.set(id, writing.written(id, revision, doc));
    }
    const again = without(left.values(), writing.erasing, writing);
    if (again.length === 0) break;
    await write(again);
  }
  await write(
    without(
      documents,
      await markedAmong(
        generation,
        documents.flatMap(({ subjects }) => subjects),
      ),
      writing,
    ),
  );
  return rewritten;
};

/**
 * Writes a batch; its progress moves only once no erased value is left: after a crash in between, the events come again. Answers the
 * documents that were written again, without values that another instance has erased.
 */
export const writeBatch = async (generation: ModelGeneration, batch: ModelWrite, writing: Writing): Promise<readonly Written[]> => {
  const { erasing, shared } = writing;
  const isErasing = erasing.size > 0 && (shared || generation.purge !== undefined);
  const holdsValues = shared && batch.documents.some(({ subjects }) => subjects.length > 0);
  if (!isErasing && !holdsValues) {
    await generation.write(batch);
    return [];
  }
  await generation.write({ documents: batch.documents, progress: [] });
  const rewritten = shared ? await eraseEverywhere(generation, batch.documents, writing) : [];
  if (isErasing) await generation.purge?.([...erasing]);
  await generation.write({ ...batch, documents: [] });
  return rewritten;
};
