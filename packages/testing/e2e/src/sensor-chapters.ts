import type { Chapter, StoryContext } from './chapter.ts';
import { eventually, type SensorAlert, type ShopClient } from './client.ts';

/** From the one where it is hottest anyway. */
const places = ['Dubai', 'Sydney', 'Tokyo', 'New York', 'London'];

/** One that begins something, and one that tells, a few chapters later, what came of it. */
export const sensorChapters = (): readonly [Chapter, Chapter] => {
  let hot: Overheated = { place: '', sensor: '' };
  let before: readonly SensorAlert[] = [];

  const warehouses: Chapter = async ({ client, teller }) => {
    teller.chapter('Five warehouses report their temperature');
    const locations = await eventually(
      'every warehouse has a window',
      () => client.sensorLocations(),
      (all) => places.every((place) => all.some(({ location }) => location === place)),
    );
    for (const { location, windows } of locations) {
      const [{ readings, temperature }] = windows as [(typeof windows)[number]]; // a place that is listed has one
      const { min, max, mean } = temperature;
      teller.say(
        `${location.padEnd(8)} ${mean.toFixed(1)} °C (${min} to ${max}) of ${readings} readings in this minute`,
      );
    }
    before = await client.sensorAlerts();
    hot = await overheat(client, before);
    teller.say(`the cooling in ${hot.place} fails: sensor ${hot.sensor} will notice`);
  };

  const heat: Chapter = async (context) => {
    const { client, teller } = context;
    const { place, sensor } = hot;
    teller.chapter(`Meanwhile in ${place}`);
    const alert = await eventually(
      'the sensor raises an alert',
      () => alertsOf(context, sensor, before),
      (alerts) => alerts.some(({ reason }) => reason === 'too-hot'),
    ).then((alerts) => alerts.find(({ reason }) => reason === 'too-hot'));
    const usual = alert?.usual === undefined ? '' : `, where ${alert.usual} °C is usual`;
    teller.say(`sensor.temperature-alert: sensor ${sensor} reads ${alert?.temperature} °C${usual}`);
    const mails = await eventually(
      'operations have their mail',
      () =>
        client
          .mailsAbout('too hot')
          .then((all) => all.filter(({ messageId }) => messageId.includes(alert?.alertId ?? '-'))),
      (all) => all.length > 0,
    );
    for (const { subject } of mails) teller.say(`✉ ${subject}`);
    const alerts = (await alertsOf(context, sensor, before)).filter(({ reason }) => reason === 'too-hot');
    teller.check(
      'one alert for all the readings that are too hot',
      alerts.length === 1,
      `${alerts.length} alerts`,
    );
    teller.check('and one mail to operations', mails.length === 1, `${mails.length} mails`);
  };

  return [warehouses, heat];
};

/** What is too hot again so soon is one excursion with what it was, and raises no alert. */
const restMs = 180_000;

interface Overheated {
  readonly place: string;
  readonly sensor: string;
}

/** The sensor that has rested longest goes wrong. Where that is too short, the story was told here a moment ago: elsewhere. */
const overheat = async (client: ShopClient, before: readonly SensorAlert[]): Promise<Overheated> => {
  const since = Date.now() - restMs;
  const recent = new Set(before.filter(({ at }) => Date.parse(at) > since).map(({ sensorId }) => sensorId));
  for (const place of places) {
    const sensor = await client.overheat(place);
    if (!recent.has(sensor)) return { place, sensor };
  }
  throw new Error(
    `Every warehouse was too hot within the last ${restMs / 60_000} minutes: tell the story again later`,
  );
};

/** Those of a sensor that were not there before. */
const alertsOf = async (
  { client }: StoryContext,
  sensor: string,
  before: readonly SensorAlert[],
): Promise<readonly SensorAlert[]> => {
  const known = new Set(before.map(({ alertId }) => alertId));
  return (await client.sensorAlerts()).filter(
    ({ sensorId, alertId }) => sensorId === sensor && !known.has(alertId),
  );
};
