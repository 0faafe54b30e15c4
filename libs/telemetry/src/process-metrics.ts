import { monitorEventLoopDelay, performance } from 'node:perf_hooks';
import { Gauge, type Registry } from 'prom-client';

/** How often the loop's delay is sampled. Every sample wakes the process, so not the 10 ms of the default. */
const RESOLUTION_MS = 100;

/** The process's own metrics, read when asked for. Answers how to stop the sampling of the event loop. */
export const registerProcessMetrics = (registry: Registry): (() => void) => {
  const delay = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
  delay.enable();
  let utilization = performance.eventLoopUtilization();

  const gauge = (name: string, help: string, read: () => number): void => {
    const metric = new Gauge({
      name,
      help,
      registers: [],
      collect() {
        this.set(read());
      },
    });
    registry.registerMetric(metric);
  };
  gauge('process_start_time_seconds', 'Start of the process, seconds since the epoch.', () => performance.timeOrigin / 1_000);
  gauge('process_cpu_seconds_total', 'CPU time of the process, user and system.', () => {
    const { user, system } = process.cpuUsage();
    return (user + system) / 1e6;
  });
  gauge('process_resident_memory_bytes', 'Resident memory of the process.', () => process.memoryUsage.rss());
  gauge('nodejs_heap_size_used_bytes', 'Used part of the JavaScript heap.', () => process.memoryUsage().heapUsed);
  gauge('nodejs_eventloop_utilization_ratio', 'Share of the time since the last reading in which the event loop was busy.', () => {
    const since = performance.eventLoopUtilization(utilization);
    utilization = performance.eventLoopUtilization();
    return since.utilization;
  });
  gauge('nodejs_eventloop_lag_max_seconds', 'Longest delay of the event loop since the last reading.', () => {
    const longest = Math.max(0, delay.max / 1e9 - RESOLUTION_MS / 1_000);
    delay.reset();
    return longest;
  });
  return () => void delay.disable();
};
