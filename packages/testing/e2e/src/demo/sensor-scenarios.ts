import type { ShopClient } from '../client.ts';
import { eventually } from '../eventually.ts';
import type { SensorAlert } from '../views.ts';
import type { DemoContext, Scenario } from './scenario.ts';

/** The hottest one first. */
const places = ['Dubai', 'Sydney', 'Tokyo', 'New York', 'London'];

/** The first scenario overheats a warehouse, the second one, run some time later, checks the alert. */
export const sensorScenarios = (): readonly [Scenario, Scenario] => {
  let hot: Overheated = { place: '', sensor: '' };
  let before: readonly SensorAlert[] = [];

  const warehouses: Scenario = async ({ client, reporter }) => {
    reporter.section('Five warehouses report their temperature');
    const locations = await eventually(
      'every warehouse has a window',
      () => client.sensorLocations(),
      (all) => places.every((place) => all.some(({ location }) => location === place)),
    );
    for (const { location, windows } of locations) {
      const [{ readings, temperature }] = windows as [(typeof windows)[number]]; // a listed place has at least one
      const { min, max, mean } = temperature;
      reporter.info(
        `${location.padEnd(8)} ${mean.toFixed(1)} °C (${min} to ${max}) of ${readings} readings in this minute`,
      );
    }
    before = await client.sensorAlerts();
    hot = await overheat(client, before);
    reporter.info(`the cooling in ${hot.place} fails: sensor ${hot.sensor} will get too hot`);
  };

  const heat: Scenario = async (context) => {
    const { client, reporter } = context;
    const { place, sensor } = hot;
    reporter.section(`Meanwhile in ${place}`);
    const alert = await eventually(
      'the sensor raises an alert',
      () => alertsOf(context, sensor, before),
      (alerts) => alerts.some(({ reason }) => reason === 'too-hot'),
    ).then((alerts) => alerts.find(({ reason }) => reason === 'too-hot'));
    const usual = alert?.usual === undefined ? '' : `, where ${alert.usual} °C is usual`;
    reporter.info(`sensor.temperature-alert: sensor ${sensor} reads ${alert?.temperature} °C${usual}`);
    const mails = await eventually(
      'operations received their mail',
      () =>
        client
          .mailsAbout('too hot')
          .then((all) => all.filter(({ messageId }) => messageId.includes(alert?.alertId ?? '-'))),
      (all) => all.length > 0,
    );
    for (const { subject } of mails) reporter.info(`✉ ${subject}`);
    const alerts = (await alertsOf(context, sensor, before)).filter(({ reason }) => reason === 'too-hot');
    reporter.check(
      'one alert for all the readings that are too hot',
      alerts.length === 1,
      `${alerts.length} alerts`,
    );
    reporter.check('and one mail to operations', mails.length === 1, `${mails.length} mails`);
  };

  return [warehouses, heat];
};

/** A sensor that is too hot again within this time continues its excursion, and raises no alert. */
const excursionMs = 180_000;

interface Overheated {
  readonly place: string;
  readonly sensor: string;
}

/** Overheats the first place whose sensor raised no alert lately, as it may have in an earlier run. */
const overheat = async (client: ShopClient, before: readonly SensorAlert[]): Promise<Overheated> => {
  const since = Date.now() - excursionMs;
  const recent = new Set(before.filter(({ at }) => Date.parse(at) > since).map(({ sensorId }) => sensorId));
  for (const place of places) {
    const sensor = await client.overheat(place);
    if (!recent.has(sensor)) return { place, sensor };
  }
  throw new Error(
    `Every warehouse was too hot within the last ${excursionMs / 60_000} minutes: run the demo again later`,
  );
};

/** The new alerts of a sensor. */
const alertsOf = async (
  { client }: DemoContext,
  sensor: string,
  before: readonly SensorAlert[],
): Promise<readonly SensorAlert[]> => {
  const known = new Set(before.map(({ alertId }) => alertId));
  return (await client.sensorAlerts()).filter(
    ({ sensorId, alertId }) => sensorId === sensor && !known.has(alertId),
  );
};
