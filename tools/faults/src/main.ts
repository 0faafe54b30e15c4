import { parseArgs } from 'node:util';
import { crashSchedule, foundedFolder } from './crash.ts';
import { removeFolder } from './platform.ts';

// Schedules of kill -9 under load, each with a seed of its own:
//   node tools/bootstrap.cjs tools/faults/src/main.ts [--schedules N | --seconds S] [--seed X] [--lives N] [--kills N]
const { values } = parseArgs({
  options: {
    schedules: { type: 'string' },
    seconds: { type: 'string' },
    seed: { type: 'string', default: '1000' },
    lives: { type: 'string', default: '20' },
    kills: { type: 'string', default: '4' },
  },
});
const wholeNumber = (name: string, text: string): number => {
  if (!/^\d{1,9}$/.test(text)) throw new Error(`--${name}: expected a whole number`);
  return Number(text);
};
const first = wholeNumber('seed', values.seed);
const schedules =
  values.schedules === undefined ? (values.seconds === undefined ? 10 : Infinity) : wholeNumber('schedules', values.schedules);
const end = values.seconds === undefined ? Infinity : Date.now() + wholeNumber('seconds', values.seconds) * 1_000;
const size = { lives: wholeNumber('lives', values.lives), kills: wholeNumber('kills', values.kills) };

const say = (line: string): void => void process.stdout.write(`${line}\n`);
const from = await foundedFolder();
let next = first;
let passed = 0;
let failed = 0;
let kills = 0;
const runSome = async (): Promise<void> => {
  while (next - first < schedules && Date.now() < end) {
    const report = await crashSchedule({ from, seed: next++, ...size });
    kills += report.kills;
    const done = `seed ${report.seed}: ${report.commands} commands, ${report.kills} kills, ${report.resent} sent again`;
    if (report.faults.length === 0) passed++;
    else failed++;
    say(report.faults.length === 0 ? `ok   ${done}` : `FAIL ${done}\n  ${report.faults.join('\n  ')}`);
  }
};
try {
  await Promise.all([runSome(), runSome()]);
} finally {
  removeFolder(from);
}
say(`${passed + failed} schedules of kill -9 under load, ${kills} kills`);
say(`${passed} passed, ${failed} failed`);
process.exitCode = failed === 0 && passed > 0 ? 0 : 1;
