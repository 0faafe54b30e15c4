import { startKurrentDbDouble, type KurrentDbDouble } from '@sanwang/kurrentdb/double';
import { answerParent, startChild, type Child } from '../child.ts';

// The double of KurrentDB in a process of its own, as a server would be.

let double: KurrentDbDouble | undefined;

const handlers = {
  async start({ data }: { data: string }) {
    double = await startKurrentDbDouble({ data });
    return { connectionString: double.connectionString };
  },
  async stop() {
    await double?.close();
  },
};

export type DoubleProcess = Child<typeof handlers>;
export const startDoubleProcess = (): DoubleProcess => startChild<typeof handlers>(new URL(import.meta.url));

if (process.send && process.argv[1] === import.meta.filename) answerParent(handlers);
