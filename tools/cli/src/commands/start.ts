import { startHost } from '@sanwang/platform';
import { readEmbeddedConfig } from '@sanwang/service';
import { startTracing } from '@sanwang/telemetry';

const HOUR = 3600;

/** Runs the platform until SIGINT or SIGTERM, then drains it. */
export const run = async (): Promise<number> => {
  const started = performance.now();
  const config = readEmbeddedConfig(process.env);
  const tracing = await startTracing(process.env);
  const host = await startHost({ config });
  const door = host.door;
  if (!door) throw new Error('no service opened a front door');
  const say = (line: string): void => void process.stdout.write(`${line}\n`);
  say(`Sanwang 三网 runs (${((performance.now() - started) / 1000).toFixed(1)} s).`);
  say(`  REST   ${door.http}/v1/`);
  say(`  gRPC   ${door.grpc}`);
  say(`  docs   ${door.http}/docs`);
  say(`  data   ${host.ports.layout.folder}`);
  if (host.wasEmpty && config.bootstrapSubject !== undefined) {
    const token = await host.issuer.issue({ subject: config.bootstrapSubject, ttlSeconds: 12 * HOUR });
    say('');
    say('The platform is empty. In another terminal, load the made-up city and follow it for three months:');
    say('  npm run sanwang -- replay');
    say('or begin with the units of Shenzhen:');
    say('  npm run sanwang -- import units data/shenzhen/units.csv --as admin');
    say('and ask it something:');
    say(`  curl -H 'Authorization: Bearer ${token}' ${door.http}/v1/units`);
  }
  say('Ctrl-C stops it.');
  const signal = await new Promise<string>((resolve) => {
    for (const name of ['SIGINT', 'SIGTERM'] as const) process.once(name, () => resolve(name));
  });
  say(`${signal}: answering what was accepted, then stopping …`);
  await host.drain();
  await tracing?.shutdown();
  say('Stopped. The next start goes on from here.');
  return 0;
};
