import { type EventLoopUtilization, monitorEventLoopDelay, performance } from 'node:perf_hooks';
import { getHeapStatistics } from 'node:v8';
import { counterOf, gauge, histogram } from '@emporium/telemetry';

export const serverDuration = histogram({
  name: 'http_server_request_duration_seconds',
  help: 'Requests, by route and status.',
  labels: ['http_request_method', 'http_route', 'http_response_status_code'],
});

export const clientDuration = histogram({
  name: 'http_client_request_duration_seconds',
  help: 'Requests to services of third parties.',
  labels: ['service_peer_name', 'http_request_method', 'http_response_status_code', 'error_type'],
});

export const circuitBreakerOpen = gauge({
  name: 'emporium_circuit_breaker_open',
  help: '1 while no requests are sent to the peer.',
  labels: ['service_peer_name'],
});

const delayP99 = gauge({
  name: 'nodejs_eventloop_delay_p99_seconds',
  help: 'Delay of the event loop since the last scrape, 99th percentile.',
});

const delayMax = gauge({
  name: 'nodejs_eventloop_delay_max_seconds',
  help: 'Longest delay of the event loop since the last scrape.',
});

const utilization = gauge({
  name: 'nodejs_eventloop_utilization_ratio',
  help: 'Share of the time since the last scrape in which the event loop was busy.',
});

const memory = gauge({ name: 'process_memory_usage_bytes', help: 'Resident memory.' });

const heap = gauge({ name: 'v8js_memory_heap_used_bytes', help: 'Memory of objects.' });

const target = gauge({
  name: 'target_info',
  help: 'The process; always 1.',
  labels: ['service_name', 'service_version'],
});

counterOf({ name: 'process_cpu_time_seconds_total', help: 'Processor time, of user and system.' }, () => {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e6;
});

let lostLines = 0;

counterOf(
  { name: 'emporium_log_lines_lost_total', help: 'Log lines that could not be written.' },
  () => lostLines,
);

export const countLostLine = (): void => {
  lostLines += 1;
};

/** Shows the state of this process. Its timer of 20 ms, for the delay of the event loop, runs from here on. */
export const measureProcess = (service: string, version: string): void => {
  target.from(() => [{ labels: { service_name: service, service_version: version }, value: 1 }]);
  memory.from(() => [{ labels: {}, value: process.memoryUsage.rss() }]);
  heap.from(() => [{ labels: {}, value: getHeapStatistics().used_heap_size }]);
  const delay = monitorEventLoopDelay({ resolution: resolutionMs });
  delay.enable();
  // Both belong to one read, which begins the next interval.
  const sinceLast = () => {
    const read = { p99: secondsOf(delay.percentile(99)), max: secondsOf(delay.max) };
    delay.reset();
    return read;
  };
  let last: EventLoopUtilization = performance.eventLoopUtilization();
  let interval: ReturnType<typeof sinceLast> | undefined;
  delayP99.from(() => {
    interval = sinceLast();
    return [{ labels: {}, value: interval.p99 }];
  });
  delayMax.from(() => (interval === undefined ? [] : [{ labels: {}, value: interval.max }]));
  utilization.from(() => {
    const now = performance.eventLoopUtilization();
    const { utilization: share } = performance.eventLoopUtilization(now, last);
    last = now;
    return [{ labels: {}, value: share }];
  });
};

const resolutionMs = 20;

/** The timer measures nanoseconds between its calls, which are `resolutionMs` apart without any delay. */
const secondsOf = (nanoseconds: number): number =>
  Number.isFinite(nanoseconds) ? Math.max(0, nanoseconds / 1e9 - resolutionMs / 1e3) : 0;
