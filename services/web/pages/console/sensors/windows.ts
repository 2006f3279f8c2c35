export interface Range {
  readonly min: number;
  readonly max: number;
  readonly mean: number;
}

/** A minute of one warehouse, as `GET /api/sensors/locations` describes it. The current one still changes. */
export interface Window {
  readonly start: string;
  readonly seconds: number;
  readonly readings: number;
  readonly temperature: Range;
  readonly humidity?: Range;
}

export interface LocationWindows {
  readonly location: string;
  readonly windows: readonly Window[];
}

export interface Alert {
  readonly alertId: string;
  readonly sensorId: string;
  readonly location: string;
  readonly reason: 'too-hot' | 'sudden-jump';
  readonly temperature: number;
  readonly usual?: number;
  readonly at: string;
}

export type Warehouses = ReadonlyMap<string, readonly Window[]>;

export const maxWindows = 60;
export const maxAlerts = 50;

/** The windows of each warehouse, oldest first. */
export const warehousesOf = (locations: readonly LocationWindows[]): Warehouses =>
  new Map(
    locations
      .toSorted((a, b) => a.location.localeCompare(b.location))
      .map(({ location, windows }) => [location, windows.toSorted(byStart)]),
  );

/** Replaces the window with the same start, or adds it; the oldest beyond an hour are dropped. */
export const withWindow = (
  warehouses: Warehouses,
  { location, ...window }: Window & { readonly location: string },
): Warehouses => {
  const others = (warehouses.get(location) ?? []).filter(({ start }) => start !== window.start);
  const windows = [...others, window].toSorted(byStart).slice(-maxWindows);
  return new Map([...warehouses, [location, windows] as const].toSorted(([a], [b]) => a.localeCompare(b)));
};

/** Newest first, each once. */
export const withAlert = (alerts: readonly Alert[], alert: Alert): readonly Alert[] =>
  alerts.some(({ alertId }) => alertId === alert.alertId) ? alerts : [alert, ...alerts].slice(0, maxAlerts);

/** For the chart: seconds since 1970, then highest, lowest and mean temperatures. */
export const columnsOf = (windows: readonly Window[]): [number[], number[], number[], number[]] => [
  windows.map(({ start }) => Date.parse(start) / 1_000),
  windows.map(({ temperature }) => temperature.max),
  windows.map(({ temperature }) => temperature.min),
  windows.map(({ temperature }) => temperature.mean),
];

const byStart = (a: Window, b: Window): number => a.start.localeCompare(b.start);
