import { parseArgs } from 'node:util';
import { removeFolder, temporaryFolder } from '../platform.ts';
import { clusterSchedule } from './schedule.ts';
import { hasTestbed } from './servers.ts';

// A cluster of processes under load while things go wrong, by a seed that replays it:
//   node tools/bootstrap.cjs tools/faults/src/cluster/main.ts [--seconds S] [--seed X] [--brokers 1|3] [--away S]
// Kafka and MongoDB's stand-in come from ../shared/testbed; KurrentDB is a double.
const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '240' },
    seed: { type: 'string', default: '1' },
    brokers: { type: 'string', default: '1' },
    away: { type: 'string', default: '20' },
  },
});
const wholeNumber = (name: string, text: string): number => {
  if (!/^\d{1,9}$/.test(text)) throw new Error(`--${name}: expected a whole number`);
  return Number(text);
};
const say = (line: string): void => void process.stdout.write(`${line}\n`);

if (!hasTestbed()) throw new Error('There are no servers to start: ../shared/testbed is not there.');
const seed = wholeNumber('seed', values.seed);
const brokers = wholeNumber('brokers', values.brokers) === 3 ? 3 : 1;
const folder = temporaryFolder();
say(`seed ${seed}, ${brokers === 1 ? 'one broker' : 'three brokers'}, ${values.seconds} s; KurrentDB is a double`);
const report = await clusterSchedule({
  folder,
  seed,
  brokers,
  seconds: wholeNumber('seconds', values.seconds),
  awaySeconds: wholeNumber('away', values.away),
  say,
});
for (const [name, times] of [...report.happened].sort()) say(`  ${String(times).padStart(3)} × ${name}`);
say(`${report.commands} commands acknowledged, ${report.resent} sent again`);
for (const fault of report.faults) say(`FAULT ${fault}`);
if (report.faults.length === 0) removeFolder(folder);
else say(`the folder is kept: ${folder}`);
say(`seed ${seed}: ${report.faults.length === 0 ? 'ok' : `${report.faults.length} faults`}`);
// A client that an outage has left behind must not keep the process alive.
process.exit(report.faults.length === 0 && report.commands > 0 ? 0 : 1);
