import type { Durations } from '../durations.ts';
import type { Alert } from '../rule.ts';

/** Requests to a service. Health checks and scrapes are left out: they outnumber the others in a small shop, and say no with 503. */
const requests = (status: string, window: string): string =>
  `sum by (service_name) (increase(http_server_request_duration_seconds_count{http_route!~"/health/.*|/metrics"${status}}[${window}]))`;
const failed = ',http_response_status_code=~"5.."';

/** Processes that are down, slow, or short of something. */
export const processAlerts = (durations: Durations): readonly Alert[] => [
  {
    name: 'ServiceDown',
    severity: 'critical',
    expr: 'up{job="emporium"} == 0',
    for: durations.of('1m'),
    summary: '{{ $labels.service_name }} ({{ $labels.instance }}) does not answer',
    meaning:
      'The process does not answer Prometheus: it has stopped, crashes again and again, or is blocked. Messages for it are kept.',
    action:
      'See its last lines: `npm run logs -- --service <service> --level warn`, or `docker compose logs <service>`. The launcher and compose restart a process that crashes.',
  },
  {
    name: 'ServiceMissing',
    severity: 'critical',
    expr: `
      count by (service_name) (last_over_time(up{job="emporium"}[${durations.of('1d')}]))
      unless on (service_name) up{job="emporium"}`,
    // A start of all containers takes longer than a minute.
    for: durations.of('3m'),
    summary: 'Prometheus finds no process of {{ $labels.service_name }}',
    meaning:
      'It ran within the last day, and has no address now: its container was stopped or removed. ServiceDown cannot see that, because a stopped container has no address. Messages for it are kept.',
    action:
      '`docker compose ps --all` shows whether it has ended, `docker compose logs <service>` why. Start it: `docker compose up --wait <service>`. If it was removed on purpose, the alert ends a day later.',
  },
  {
    name: 'NothingScraped',
    severity: 'critical',
    expr: 'absent(up{job="emporium"})',
    for: durations.of('5m'),
    summary: 'Prometheus has no process of the shop to watch',
    meaning: 'No process is scraped, so that no other alert can fire.',
    action:
      'Does the shop run? Prometheus finds it by the file `prometheus-targets.json` in `DATA_DIR`, in containers by the names of the services; its page /targets says what is wrong.',
  },
  {
    name: 'RequestsFail',
    severity: 'warning',
    expr: `
      ${requests(failed, durations.of('10m'))}
        / ${requests('', durations.of('10m'))} > 0.05
      and on (service_name) ${requests(failed, durations.of('10m'))} >= 5`,
    for: durations.of('2m'),
    summary: '{{ $value | humanizePercentage }} of the requests to {{ $labels.service_name }} fail',
    meaning: 'More than one in twenty requests was answered with 5xx in the last ten minutes.',
    action:
      '`npm run logs -- --service <service> --level error` has the errors with their correlation ids; `npm run trace -- <correlation id>` shows where such a request went.',
  },
  {
    name: 'CircuitBreakerOpen',
    severity: 'warning',
    expr: 'max by (service_name, service_peer_name) (emporium_circuit_breaker_open) == 1',
    for: durations.of('1m'),
    summary: '{{ $labels.service_name }} sends no requests to {{ $labels.service_peer_name }}',
    meaning:
      'Requests to the other system failed so often that no more are sent for now. Orders wait, and are compensated when their deadlines pass.',
    action: 'Ask the provider or the carrier. The breaker closes by itself once a request succeeds.',
  },
  {
    name: 'EventLoopBlocked',
    severity: 'warning',
    expr: 'max by (service_name, instance) (nodejs_eventloop_delay_p99_seconds) > 0.25',
    for: durations.of('5m'),
    summary: 'The event loop of {{ $labels.service_name }} is late by {{ $value | humanizeDuration }}',
    meaning:
      'The process computes without a pause, or the machine is overloaded: all that the process does waits for that.',
    action:
      'See on the dashboard "One service" whether it uses a whole processor. If so, start another instance; if not, the machine is too small.',
  },
  {
    name: 'PoolExhausted',
    severity: 'warning',
    // Callers that give up are in no histogram of those that got a connection.
    expr: `
      max by (service_name) (db_client_connection_pending_requests) > 0
      or histogram_quantile(0.9, sum by (service_name, le) (rate(db_client_connection_wait_time_seconds_bucket[${durations.of('2m')}]))) > 0.5`,
    for: durations.of('2m'),
    summary: 'Transactions of {{ $labels.service_name }} wait for a database connection',
    meaning:
      'All connections of the pool are in use: transactions take too long, or there are too many of them. Requests and messages wait.',
    action:
      'See the time of transactions on the dashboard "One service", and long ones in `pg_stat_activity` of its database.',
  },
  {
    name: 'MemoryNearLimit',
    severity: 'warning',
    expr: 'max by (service_name, instance) (v8js_memory_heap_used_bytes) > 230e6',
    for: durations.of('5m'),
    summary: '{{ $labels.service_name }} uses {{ $value | humanize1024 }}B of its heap of 256 MiB',
    meaning: 'At its limit the process ends with an error, and is restarted.',
    action:
      'See on the dashboard "One service" since when it grows. Restart the process if it is close to its limit.',
  },
  {
    name: 'SpansDropped',
    severity: 'info',
    expr: `sum by (service_name, emporium_reason) (increase(emporium_spans_dropped_total[${durations.of('10m')}])) > 0`,
    for: durations.of('1m'),
    summary: '{{ $labels.service_name }} drops spans: {{ $labels.emporium_reason }}',
    meaning:
      'The collector, or the operations service where none is configured, is away or too slow, or there are more spans than may wait: traces have gaps. Nothing else suffers.',
    action:
      'Does the collector at `OTEL_EXPORTER_OTLP_ENDPOINT`, or the operations service, answer? Record a smaller part: `OTEL_TRACES_SAMPLER_ARG`.',
  },
  {
    name: 'LogLinesLost',
    severity: 'warning',
    expr: `sum by (service_name) (increase(emporium_log_lines_lost_total[${durations.of('10m')}])) > 0`,
    for: durations.of('1m'),
    summary: '{{ $labels.service_name }} has lost {{ $value | printf "%.0f" }} log lines',
    meaning: 'The log file could not be written: most likely the disk is full.',
    action: 'Make room on the disk of `DATA_DIR`. The process goes on, and writes again by itself.',
  },
];
