import { parseArgs } from 'node:util';
import { startKurrentDbDouble } from './start.ts';

const { values } = parseArgs({ options: { data: { type: 'string' }, port: { type: 'string' }, host: { type: 'string' } } });
if (values.data === undefined) {
  process.stderr.write(
    'kurrentdb-double: --data DIR names the folder that holds its log (--port N, default 2113; --host H, default 127.0.0.1)\n',
  );
  process.exit(2);
}
const double = await startKurrentDbDouble({
  data: values.data,
  port: Number(values.port ?? 2113),
  ...(values.host !== undefined && { host: values.host }),
});
process.stdout.write(`double of KurrentDB (test support, not KurrentDB), data in ${values.data}, serves ${double.connectionString}\n`);
for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => void double.close().then(() => process.exit(0)));
