import { createHash } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { OperationsServiceDefinition } from '@sanwang/contracts/operations';
import { createPlan, posts, readCity, readRows, replayCityFolder, sampleFile, stepCounts } from '@sanwang/replay';
import { withPlatform, type Where } from '../platform.ts';
import { bar, duration, progressLine } from '../progress.ts';
import { clientsOf } from '../replay/clients.ts';
import { drive } from '../replay/drive.ts';
import { countShown, report } from '../replay/report.ts';
import type { Setup } from '../replay/setup.ts';
import { readArgs, wholeNumber } from '../usage.ts';
import { hashTable, verifyPlatform } from './verify.ts';

const say = (text: string): void => void process.stdout.write(`${text}\n`);

/** Exit code 0 when everything agrees; 1 when figures or hashes differ; 130 when interrupted. */
export const run = async (args: readonly string[], where: Where): Promise<number> => {
  const { values, positionals } = readArgs(
    args,
    {
      rows: { type: 'string' },
      seed: { type: 'string', default: 'sanwang' },
      json: { type: 'string' },
      quiet: { type: 'boolean', default: false },
    },
    ['FILE?'],
  );
  const file = positionals[0] ?? sampleFile;
  const { rows: all, bad } = await readRows(file);
  for (const { line, reason } of bad) process.stderr.write(`line ${line} is not replayed: ${reason}\n`);
  const rows = values.rows === undefined ? all : all.slice(0, wholeNumber('rows', values.rows, 1));
  const city = readCity(replayCityFolder);
  const plan = createPlan({ rows, seed: values.seed, timeZone: city.timeZone, calendar: city.calendar });
  const total = [...stepCounts(plan).values()].reduce((sum, count) => sum + count, 0);
  const fingerprint = createHash('sha256')
    .update(JSON.stringify([values.seed, rows]))
    .digest('hex')
    .slice(0, 12);
  say(
    `${rows.length} inspections of ${file === sampleFile ? 'the made-up city (data/sample-city)' : file}, ${bad.length} rows left out; ${total} commands from ${plan.firstDay} to ${plan.lastDay}`,
  );

  const stop = new AbortController();
  const interrupt = (): void => stop.abort();
  process.once('SIGINT', interrupt).once('SIGTERM', interrupt);
  return withPlatform(where, async (platform) => {
    const setup: Setup = { platform, clients: clientsOf(platform), city, plan, seed: values.seed, fingerprint, signal: stop.signal };
    const line = progressLine(process.stderr, values.quiet);
    const began = performance.now();
    let skipped: number | undefined;
    const driven = await drive(setup, (day, steps, before) => {
      skipped ??= before;
      const seconds = (performance.now() - began) / 1000;
      const left = steps > 0 ? ((total - skipped - steps) / steps) * seconds : 0;
      line.show(
        `${bar(skipped + steps, total)} ${day}  ${Math.round(steps / Math.max(seconds, 0.001))} commands/s, ${duration(left)} left`,
      );
    });
    line.end();
    if (!driven.finished) {
      say('Interrupted. The same command goes on from here.');
      return 130;
    }
    const operations = await platform.client(OperationsServiceDefinition, posts.operator);
    const { head } = await operations.getStatus({});
    const events = Number(head) + 1;
    say(
      `${driven.resumed ? 'Resumed: ' : ''}${driven.steps} commands in ${duration(driven.seconds)} (${Math.round(driven.steps / driven.seconds)}/s); ${events} events in the log (${Math.round(events / driven.seconds)}/s); ${(rows.length / driven.seconds).toFixed(1)} rows/s\n`,
    );
    const shown = await countShown(setup);
    const { text, agrees } = report(plan, shown);
    say(`${text}\n`);
    const verified = await verifyPlatform(platform, posts.operator);
    say(hashTable(verified));
    for (const { part, position, message } of verified.findings) process.stderr.write(`DAMAGE ${part} ${position}: ${message}\n`);
    if (values.json !== undefined) {
      await writeFile(
        values.json,
        `${JSON.stringify({ rows: rows.length, steps: driven.steps, seconds: driven.seconds, events, shown, hashes: verified.hashes }, null, 2)}\n`,
      );
    }
    const sound = agrees && verified.findings.length === 0;
    say(sound ? 'Everything agrees.' : 'Something does not agree; see above.');
    return sound ? 0 : 1;
  });
};
