/** What an alert does with some series. Each alert needs a case in which it fires, and one in which it does not. */
export interface RuleCase {
  readonly alert: string;
  /** A sentence: why it fires, or why not. */
  readonly title: string;
  /** Values of series, 15 s apart, as promtool reads them: `0+1x20`. */
  readonly series: Readonly<Record<string, string>>;
  /** When the alert is looked at: `5m`. */
  readonly at: string;
  /** The labels of each alert that fires then, besides its name and severity. */
  readonly fires: readonly Readonly<Record<string, string>>[];
}

/** A metric with the label of a subscription, and others. */
export const ofSubscription = (
  metric: string,
  name: string,
  labels: Readonly<Record<string, string>> = {},
): string => series(metric, { messaging_destination_subscription_name: name, ...labels });

export const series = (metric: string, labels: Readonly<Record<string, string>>): string =>
  `${metric}{${Object.entries(labels)
    .map(([name, value]) => `${name}="${value}"`)
    .join(',')}}`;
