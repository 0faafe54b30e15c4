import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

/** Starts one of the scripts beside this file as a process of its own. */
export const startFixture = (script: string, ...parameters: readonly string[]) => {
  const path = fileURLToPath(new URL(`./fixtures/${script}`, import.meta.url));
  const child: ChildProcessWithoutNullStreams = spawn(process.execPath, [path, ...parameters]);
  let output = '';
  let errors = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (output += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (errors += text));
  const exited = once(child, 'close');
  return {
    pid: child.pid!,
    /** Complete lines only: a process that was killed may have left half a line. */
    lines: (): readonly string[] => output.split('\n').slice(0, -1),
    errors: (): string => errors,
    async kill(): Promise<void> {
      child.kill('SIGKILL');
      await exited;
    },
  };
};
