import { type RuleCase, series } from './rule-case.ts';

/** Orders that end within 5 s and later ones, per sample. The counters begin at 0, as those of a process do. */
const orders = ({ good, slow }: { good: string; slow: string }) => ({
  [series('emporium_order_duration_seconds_bucket', { le: '5', emporium_outcome: 'completed' })]: good,
  [series('emporium_order_duration_seconds_count', { emporium_outcome: 'completed' })]: good,
  [series('emporium_order_duration_seconds_count', { emporium_outcome: 'cancelled' })]: slow,
});
const inTime = { slo: 'orders-final-in-time' };

/** The samples of these are 5 minutes apart: they cover days. */
export const objectiveCases: readonly RuleCase[] = [
  {
    alert: 'ErrorBudgetBurnsFast',
    title: 'fires on both pairs of windows when a fifth of the orders is slow for half a day',
    series: orders({ good: '0+80x150', slow: '0+20x150' }),
    at: '12h',
    fires: [
      { ...inTime, window: '1h' },
      { ...inTime, window: '6h' },
    ],
  },
  {
    alert: 'ErrorBudgetBurnsFast',
    title: 'fires for parked orders and for orders that were cancelled for a technical reason',
    series: {
      ...orders({ good: '0+100x150', slow: '0x150' }),
      emporium_orders_parked_total: '0+2x150',
      [series('emporium_orders_cancelled_total', {
        emporium_kind: 'technical',
        emporium_reason: 'timed-out',
      })]: '0+3x150',
    },
    at: '12h',
    fires: [
      { slo: 'orders-processed', window: '1h' },
      { slo: 'orders-processed', window: '6h' },
    ],
  },
  {
    alert: 'ErrorBudgetBurnsFast',
    title: 'fires for late mails and for mails that were given up, and reads the bounds of Prometheus 3',
    series: {
      [series('emporium_mail_delay_seconds_bucket', { le: '60.0' })]: '0+80x150',
      [series('emporium_mail_delay_seconds_count', {})]: '0+90x150',
      [series('emporium_mails_total', { emporium_outcome: 'failed' })]: '0+10x150',
    },
    at: '12h',
    fires: [
      { slo: 'mails-in-time', window: '1h' },
      { slo: 'mails-in-time', window: '6h' },
    ],
  },
  {
    alert: 'ErrorBudgetBurnsFast',
    title: 'does not fire for one failure of five orders in a night',
    series: orders({ good: '0x60 4x90', slow: '0x60 1x90' }),
    at: '6h',
    fires: [],
  },
  {
    alert: 'ErrorBudgetBurnsFast',
    title: 'does not fire for orders that are refused for a business reason, or slow ones within the budget',
    series: {
      ...orders({ good: '0+995x150', slow: '0+5x150' }),
      [series('emporium_orders_cancelled_total', { emporium_kind: 'business', emporium_reason: 'declined' })]:
        '0+300x150',
    },
    at: '12h',
    fires: [],
  },
  {
    alert: 'ErrorBudgetBurnsFast',
    title: 'clears soon after the failures have ended',
    series: orders({ good: '0+80x100 8080+100x50', slow: '0+20x100 2020x50' }),
    at: '9h',
    fires: [],
  },
  {
    alert: 'ErrorBudgetBurns',
    title: 'fires on both pairs of windows when a little more than what is allowed fails for days',
    series: orders({ good: '0+960x900', slow: '0+40x900' }),
    at: '74h',
    fires: [
      { ...inTime, window: '1d' },
      { ...inTime, window: '3d' },
    ],
  },
  {
    alert: 'ErrorBudgetBurns',
    title: 'fires on the longest pair alone when the budget is spent twice as fast as it may be',
    series: orders({ good: '0+980x900', slow: '0+20x900' }),
    at: '74h',
    fires: [{ ...inTime, window: '3d' }],
  },
  {
    alert: 'ErrorBudgetBurns',
    title: 'does not fire when less fails than may fail',
    series: orders({ good: '0+995x900', slow: '0+5x900' }),
    at: '74h',
    fires: [],
  },
];

/** Values of recording rules at 74 h. */
export const recordedValues: readonly {
  readonly title: string;
  readonly series: Readonly<Record<string, string>>;
  readonly values: Readonly<Record<string, number | undefined>>;
}[] = [
  {
    title: 'half of the budget is spent, at half the rate',
    series: orders({ good: '0+995x900', slow: '0+5x900' }),
    values: {
      'round(slo:burn_rate:5m{slo="orders-final-in-time"}, 0.01)': 0.5,
      'round(slo:burn_rate:3d{slo="orders-final-in-time"}, 0.01)': 0.5,
      'round(slo:error_budget_remaining:ratio{slo="orders-final-in-time"}, 0.01)': 0.5,
      'round(slo:error_budget_remaining:ratio{slo="orders-processed"}, 0.01)': 1,
      'slo:target:ratio{slo="orders-processed"}': 0.999,
      'round(slo:events:increase1h{slo="orders-final-in-time"}, 1)': 12_000,
      'round(slo:bad_events:increase1h{slo="orders-final-in-time"}, 1)': 60,
      'round(slo:bad_events:increase1h{slo="orders-processed"}, 1)': 0,
    },
  },
  {
    title: 'more than the budget is spent',
    series: orders({ good: '0+980x900', slow: '0+20x900' }),
    values: { 'round(slo:error_budget_remaining:ratio{slo="orders-final-in-time"}, 0.01)': -1 },
  },
  {
    title: 'without orders and mails there is no rate, and nothing has failed',
    series: { [series('up', { job: 'emporium' })]: '1x900' },
    values: {
      'slo:burn_rate:1h{slo="mails-in-time"}': undefined,
      'slo:error_budget_remaining:ratio{slo="mails-in-time"}': undefined,
      'slo:bad_events:increase1h{slo="mails-in-time"}': 0,
      'slo:events:increase1h{slo="mails-in-time"}': 0,
    },
  },
];
