import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { startContainer, type StartedServer } from './containers.ts';
import { serverVariables, type Servers } from './servers.ts';

const DOUBLE = fileURLToPath(new URL('../../kurrentdb/src/double/main.ts', import.meta.url));

/** Our own double of KurrentDB as a process, where the real server is not to be had. */
const startDouble = async (): Promise<StartedServer> => {
  const data = mkdtempSync(join(tmpdir(), 'kurrentdb-double-'));
  const child = spawn(process.execPath, [DOUBLE, '--data', data, '--port', '0'], { stdio: ['ignore', 'pipe', 'inherit'] });
  const address = await new Promise<string>((resolve, reject) => {
    child.once('exit', (code) => reject(new Error(`the double of KurrentDB ended with code ${code} before it served`)));
    createInterface(child.stdout).on('line', (line) => {
      const found = /kurrentdb:\/\/\S+/.exec(line);
      if (found) resolve(found[0]);
    });
  });
  return {
    address,
    described: 'double (test support of ours, not KurrentDB)',
    async stop() {
      child.kill('SIGTERM');
      if (child.exitCode === null) await once(child, 'exit');
      rmSync(data, { recursive: true, force: true });
    },
  };
};

const reasonOf = (error: unknown): string => (error instanceof Error ? error.message : String(error)).split('\n')[0]!;

/** What stands in where an image cannot be had: the double for KurrentDB, nothing for the others. */
const startMissing = async (server: keyof Servers): Promise<StartedServer | string> => {
  try {
    return await startContainer[server]();
  } catch (error) {
    return server === 'kurrentdb'
      ? startDouble()
      : `none: ${serverVariables[server]} is unset, and no image can be run (${reasonOf(error)})`;
  }
};

/** An address for the report: its credentials stay out of it. */
const shown = (address: string): string => address.replace(/\/\/[^@/]*@/, '//…@');

/** Provides the servers before the cluster tests run, says which they are, and stops what it started. */
export default async (): Promise<() => Promise<void>> => {
  const started: StartedServer[] = [];
  for (const server of Object.keys(serverVariables) as (keyof Servers)[]) {
    const variable = serverVariables[server];
    const given = process.env[variable];
    if (given) {
      process.stdout.write(`${server}: running server given by ${variable}, ${shown(given)}\n`);
      continue;
    }
    const found = await startMissing(server);
    if (typeof found === 'string') {
      process.stdout.write(`${server}: ${found}\n`);
      continue;
    }
    started.push(found);
    process.env[variable] = found.address;
    process.stdout.write(`${server}: ${found.described}, ${shown(found.address)}\n`);
  }
  return async () => {
    for (const one of started) await one.stop();
  };
};
