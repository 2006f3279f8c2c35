import { increaseOf, upTo } from './promql.ts';

/** A service level objective: the part of the events of 30 days that must be good. */
export interface Objective {
  /** The value of the label `slo`. */
  readonly name: string;
  /** The objective in plain words. */
  readonly title: string;
  /** What counts as an event, and which events are bad. */
  readonly description: string;
  /** Between 0 and 1. */
  readonly target: number;
  /** PromQL for the number of events in a window, such as `5m`. */
  readonly events: (window: string) => string;
  /** PromQL for the number of bad events in a window. */
  readonly badEvents: (window: string) => string;
}

const endedOrders = (window: string) =>
  `${increaseOf('emporium_order_duration_seconds_count', window)} + ${parkedOrders(window)}`;
const parkedOrders = (window: string) => increaseOf('emporium_orders_parked_total', window);
const failedMails = (window: string) => increaseOf('emporium_mails_total{emporium_outcome="failed"}', window);

/** The part of a histogram's observations above the bound, which must be one of its buckets. */
const slowerThan = (bound: number, histogram: string, window: string) =>
  `${increaseOf(`${histogram}_count`, window)} - ${increaseOf(`${histogram}_bucket{${upTo(bound)}}`, window)}`;

/**
 * The objectives of the shop; rules, alerts and dashboards are derived from them. Failures are counted where they happen, and not as
 * "placed but not completed": by that, orders in progress would be failures whenever traffic grows.
 */
export const objectives: readonly Objective[] = [
  {
    name: 'orders-final-in-time',
    title: '99 % of orders are final within 5 s',
    description:
      'Orders that ended or were parked. Those that took more than 5 s to be completed or cancelled are bad, and so are parked ones.',
    target: 0.99,
    events: endedOrders,
    badEvents: (window) =>
      `${slowerThan(5, 'emporium_order_duration_seconds', window)} + ${parkedOrders(window)}`,
  },
  {
    name: 'orders-processed',
    title: '99.9 % of accepted orders are completed, or refused for a business reason',
    description:
      'Orders that ended or were parked. Those that were cancelled for a technical reason are bad, and so are parked ones.',
    target: 0.999,
    events: endedOrders,
    badEvents: (window) =>
      `${increaseOf('emporium_orders_cancelled_total{emporium_kind="technical"}', window)} + ${parkedOrders(window)}`,
  },
  {
    name: 'mails-in-time',
    title: '99 % of mails are sent within a minute',
    description:
      'Mails that the mail server accepted, or that were given up. Those that took more than a minute are bad, and so are those that were given up.',
    target: 0.99,
    events: (window) => `${increaseOf('emporium_mail_delay_seconds_count', window)} + ${failedMails(window)}`,
    badEvents: (window) =>
      `${slowerThan(60, 'emporium_mail_delay_seconds', window)} + ${failedMails(window)}`,
  },
];
