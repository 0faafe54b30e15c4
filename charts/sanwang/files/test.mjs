// Publishes a year of the calendar `helm-test` with a name made up for this run, and reads it back until it is there.
import { randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';

const { TARGET, TOKEN } = process.env;
const until = Date.now() + 60_000;
const name = randomUUID();
const idempotencyKey = randomUUID();
const headers = { authorization: `Bearer ${TOKEN.trim()}`, 'content-type': 'application/json' };

const call = async (path, options) => {
  for (;;) {
    const answer = await fetch(`${TARGET}${path}`, { ...options, signal: AbortSignal.timeout(5_000) })
      .then(async (response) => ({ status: response.status, body: await response.text() }))
      .catch((error) => ({ status: 0, body: String(error.cause ?? error) }));
    if (answer.status === 200) return JSON.parse(answer.body);
    // In the first seconds a name or an endpoint may not be known everywhere.
    if ((answer.status !== 0 && answer.status < 500) || Date.now() > until) {
      console.error(`${options.method ?? 'GET'} ${path}: ${answer.status} ${answer.body}`);
      if (answer.status === 401) console.error('The token is not valid (any more): put a new one into the Secret of secrets.testToken.');
      process.exit(1);
    }
    await pause(500);
  }
};

const days = [{ date: '2000-01-03', working: false, name }];
const written = await call('/v1/calendars', {
  method: 'POST',
  headers: { ...headers, 'idempotency-key': idempotencyKey },
  body: JSON.stringify({ calendar: 'helm-test', year: 2000, source: 'helm test', days }),
});
const read = await call('/v1/calendars/helm-test-2000', { headers: { ...headers, 'sanwang-read-token': written.readToken } });
if (read.days[0].name !== name) {
  console.error(`wrote ${name}, read ${read.days[0].name}`);
  process.exit(1);
}
console.log(`wrote and read back ${written.id}, revision ${written.revision}`);
