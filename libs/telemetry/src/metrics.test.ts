import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createMetrics, type Metrics } from './metrics.ts';

let metrics: Metrics;
beforeEach(() => void (metrics = createMetrics()));
afterEach(() => metrics.close());

describe('the metrics', () => {
  it('count where things happen', async () => {
    metrics.appendedEvents.inc({ context: 'patrol' }, 3);
    metrics.callSeconds.observe({ method: 'x/Y', code: 'ok' }, 0.02);
    const text = await metrics.text();
    expect(text).toContain('sanwang_appended_events_total{context="patrol"} 3');
    expect(text).toContain('sanwang_call_seconds_bucket{le="0.025",method="x/Y",code="ok"} 1');
  });
  it('read their sources when asked, from several services, and forget what is gone', async () => {
    let parked = [{ labels: { consumer: 'patrol.tasks' }, value: 2 }];
    metrics.source('parkedKeys', () => parked);
    metrics.source('parkedKeys', async () => [{ labels: { consumer: 'overview.board' }, value: 1 }]);
    metrics.source('logFsyncs', () => [{ labels: {}, value: 41 }]);
    for (let reading = 0; reading < 2; reading++) {
      const text = await metrics.text();
      expect(text).toContain('sanwang_parked_keys{consumer="patrol.tasks"} 2');
      expect(text).toContain('sanwang_parked_keys{consumer="overview.board"} 1');
      expect(text).toContain('sanwang_log_fsyncs_total 41');
    }
    parked = [];
    expect(await metrics.text()).not.toContain('patrol.tasks');
  });
  it('go on when a source fails, and say which', async () => {
    metrics.source('relayLag', () => Promise.reject(new Error('away')));
    metrics.source('relayLag', () => [{ labels: { context: 'patrol' }, value: 5 }]);
    expect(await metrics.text()).toContain('sanwang_relay_lag_positions{context="patrol"} 5');
    expect(await metrics.text()).toContain('sanwang_metric_source_errors_total{metric="sanwang_relay_lag_positions"} 1');
  });
  it('tell of the process', async () => {
    const text = await metrics.text();
    for (const name of [
      'process_resident_memory_bytes',
      'process_cpu_seconds_total',
      'nodejs_eventloop_lag_max_seconds',
      'nodejs_eventloop_utilization_ratio',
    ])
      expect(text).toMatch(new RegExp(`^${name} [0-9.e+-]+$`, 'm'));
  });
  it('label by names out of code, never by ids', async () => {
    const labels = [...(await metrics.text()).matchAll(/[{,]([a-z_]+)=/g)].map((match) => match[1]);
    for (const label of labels)
      expect([
        'le',
        'method',
        'route',
        'status',
        'code',
        'aggregate',
        'outcome',
        'context',
        'consumer',
        'reason',
        'model',
        'metric',
      ]).toContain(label);
  });
});
