import { type RuleCase, series } from './rule-case.ts';

const order = { service_name: 'order', instance: 'order:8080' };
const up = series('up', { job: 'emporium', ...order });
const upAgain = series('up', { job: 'emporium', ...order, instance: 'order-2:8080' });
const otherUp = series('up', { job: 'emporium', service_name: 'email', instance: 'email:8080' });
const requests = (status: string, route = '/api/orders') =>
  series('http_server_request_duration_seconds_count', {
    ...order,
    http_route: route,
    http_response_status_code: status,
  });
const breakerLabels = { service_name: 'payment', service_peer_name: 'payment-provider' };
const breaker = series('emporium_circuit_breaker_open', breakerLabels);
const delay = series('nodejs_eventloop_delay_p99_seconds', order);
const waits = (le: string) => series('db_client_connection_wait_time_seconds_bucket', { ...order, le });
const waiting = series('db_client_connection_pending_requests', order);
const heap = series('v8js_memory_heap_used_bytes', order);
const dropped = series('emporium_spans_dropped_total', { ...order, emporium_reason: 'queue_full' });
const lost = series('emporium_log_lines_lost_total', order);

export const processCases: readonly RuleCase[] = [
  {
    alert: 'ServiceDown',
    title: 'fires when a process does not answer for a minute',
    series: { [up]: '1x4 0x20' },
    at: '4m',
    fires: [{ job: 'emporium', ...order }],
  },
  {
    alert: 'ServiceDown',
    title: 'does not fire for a restart, or for a target of another job',
    series: { [up]: '1x12 0x2 1x20', [series('up', { job: 'other', instance: 'a' })]: '0x40' },
    at: '4m',
    fires: [],
  },
  {
    alert: 'ServiceMissing',
    title: 'fires when the address of a container is gone',
    series: { [up]: '1x8 stale', [otherUp]: '1x60' },
    at: '8m',
    fires: [{ service_name: 'order' }],
  },
  {
    alert: 'ServiceMissing',
    title: 'does not fire for a process that is down, or for a container with a new address',
    series: { [up]: '1x8 stale', [upAgain]: '_x12 1x60', [otherUp]: '0x60' },
    at: '8m',
    fires: [],
  },
  {
    alert: 'NothingScraped',
    title: 'fires when there are no targets',
    series: { [series('up', { job: 'other', instance: 'a' })]: '1x40' },
    at: '8m',
    fires: [{ job: 'emporium' }],
  },
  {
    alert: 'NothingScraped',
    title: 'does not fire when there are targets, even ones that are down',
    series: { [up]: '0x40' },
    at: '8m',
    fires: [],
  },
  {
    alert: 'RequestsFail',
    title: 'fires when more than one request in twenty fails',
    series: {
      [requests('200')]: '0+9x80',
      [requests('503')]: '0+1x80',
      [requests('200', '/health/ready')]: '0+90x80',
    },
    at: '15m',
    fires: [{ service_name: 'order' }],
  },
  {
    alert: 'RequestsFail',
    title:
      'does not fire for one failure of a few requests, for refusals, or for a service that is not ready',
    series: {
      [requests('503')]: '0x40 1x40',
      [requests('200')]: '0x40 2x40',
      [requests('422')]: '0+5x80',
      [requests('503', '/health/ready')]: '0+5x80',
    },
    at: '15m',
    fires: [],
  },
  {
    alert: 'CircuitBreakerOpen',
    title: 'fires when no requests are sent',
    series: { [breaker]: '0x4 1x20' },
    at: '4m',
    fires: [breakerLabels],
  },
  {
    alert: 'CircuitBreakerOpen',
    title: 'does not fire when it closes after seconds',
    series: { [breaker]: '0x4 1x2 0x20' },
    at: '4m',
    fires: [],
  },
  {
    alert: 'EventLoopBlocked',
    title: 'fires when the event loop is late for minutes',
    series: { [delay]: '0.4x40' },
    at: '7m',
    fires: [order],
  },
  {
    alert: 'EventLoopBlocked',
    title: 'does not fire for a short pause',
    series: { [delay]: '0.02x10 0.9x4 0.02x40' },
    at: '7m',
    fires: [],
  },
  {
    alert: 'PoolExhausted',
    title: 'fires when one caller in five waits for a second',
    series: { [waits('0.1')]: '0+8x40', [waits('1')]: '0+10x40', [waits('+Inf')]: '0+10x40' },
    at: '5m',
    fires: [{ service_name: 'order' }],
  },
  {
    alert: 'PoolExhausted',
    title: 'fires when callers wait and none gets a connection',
    series: { [waiting]: '0x4 3x40' },
    at: '5m',
    fires: [{ service_name: 'order' }],
  },
  {
    alert: 'PoolExhausted',
    title: 'does not fire when a caller waits now and then',
    series: { [waiting]: '0 0 2 0 0 1 0 0 0 3 0x40' },
    at: '5m',
    fires: [],
  },
  {
    alert: 'PoolExhausted',
    title: 'does not fire when one in a hundred does',
    series: { [waits('0.1')]: '0+99x40', [waits('1')]: '0+100x40', [waits('+Inf')]: '0+100x40' },
    at: '5m',
    fires: [],
  },
  {
    alert: 'MemoryNearLimit',
    title: 'fires when the heap is nearly full',
    series: { [heap]: '240e6x40' },
    at: '7m',
    fires: [order],
  },
  {
    alert: 'MemoryNearLimit',
    title: 'does not fire below that',
    series: { [heap]: '150e6x40' },
    at: '7m',
    fires: [],
  },
  {
    alert: 'SpansDropped',
    title: 'fires when spans are dropped',
    series: { [dropped]: '0x4 0+50x20' },
    at: '5m',
    fires: [{ service_name: 'order', emporium_reason: 'queue_full' }],
  },
  {
    alert: 'SpansDropped',
    title: 'does not fire for spans that were dropped long ago',
    series: { [dropped]: '500x40' },
    at: '5m',
    fires: [],
  },
  {
    alert: 'LogLinesLost',
    title: 'fires when log lines are lost',
    series: { [lost]: '0x4 0+2x20' },
    at: '5m',
    fires: [{ service_name: 'order' }],
  },
  {
    alert: 'LogLinesLost',
    title: 'does not fire without',
    series: { [lost]: '0x40' },
    at: '5m',
    fires: [],
  },
];
