import { useSignal } from '@preact/signals';
import type { JSX } from 'preact';
import { request } from '../../shared/api.ts';
import { Ago, Shown } from '../../shared/components.tsx';
import { failureOf } from '../../shared/failure.ts';
import { useResource } from '../../shared/resource.ts';
import './sensors.css';
import { TemperatureChart } from './temperature-chart.tsx';
import { useSensors } from './use-sensors.ts';
import type { Alert, Window } from './windows.ts';

const links = {
  connecting: ['', 'connecting'],
  live: ['good', 'live'],
  waiting: ['warn', 'connecting again'],
  paused: ['warn', 'paused'],
} as const;

/** The warehouses live, and a button that breaks the cooling of one. */
export const SensorsPage = (): JSX.Element => {
  const { state, link, reload } = useSensors();
  const { state: simulator } = useResource<{ readingsPerSecond: number }>('/sensor-simulator', 10_000);
  const isBreakable = simulator.value.kind === 'ready';
  const message = useSignal('');
  const breakCooling = async (location: string): Promise<void> => {
    const body = { location, kind: 'heating' };
    const answer = await request('/sensor-simulator/anomalies', { method: 'POST', body });
    message.value =
      failureOf(answer) ||
      `A cooling in ${location} is broken for twenty readings: one sensor climbs to 38 °C, and an alert follows within seconds.`;
  };
  const [look, text] = links[link.value];
  return (
    <>
      <h1>
        Sensors <span class={`badge ${look}`}>{text}</span>
      </h1>
      <p role="status">{message.value}</p>
      <Shown of={state.value} what="the sensors" retry={reload}>
        {({ warehouses, alerts }) => (
          <>
            {warehouses.size === 0 ? <p class="soft">No warehouse has sent a reading yet.</p> : null}
            <ul class="warehouses">
              {[...warehouses].map(([location, windows]) => (
                <li key={location} class="warehouse card">
                  <Warehouse
                    location={location}
                    windows={windows}
                    breakCooling={isBreakable ? () => void breakCooling(location) : undefined}
                  />
                </li>
              ))}
            </ul>
            <Alerts alerts={alerts} />
          </>
        )}
      </Shown>
    </>
  );
};

interface WarehouseProps {
  readonly location: string;
  readonly windows: readonly Window[];
  readonly breakCooling: (() => void) | undefined;
}

const Warehouse = ({ location, windows, breakCooling }: WarehouseProps): JSX.Element => {
  const newest = windows.at(-1);
  return (
    <>
      <h2>
        <span dir="auto">{location}</span>
        {newest === undefined ? null : (
          <span class="temperature">{newest.temperature.mean.toFixed(1)} °C</span>
        )}
      </h2>
      <TemperatureChart location={location} windows={windows} />
      {newest === undefined ? null : (
        <p class="small soft">
          {newest.temperature.min} to {newest.temperature.max} °C in this minute
          {newest.humidity === undefined ? '' : `, humidity ${newest.humidity.mean.toFixed(0)} %`},{' '}
          {newest.readings} readings
        </p>
      )}
      {breakCooling === undefined ? null : (
        <button type="button" class="danger" onClick={breakCooling}>
          Break the cooling<span class="visually-hidden"> of {location}</span>
        </button>
      )}
    </>
  );
};

const reasons = { 'too-hot': 'too hot', 'sudden-jump': 'a sudden jump' } as const;

const Alerts = ({ alerts }: { readonly alerts: readonly Alert[] }): JSX.Element => (
  <section aria-labelledby="alerts">
    <h2 id="alerts">Alerts</h2>
    {alerts.length === 0 ? (
      <p class="soft">There were none.</p>
    ) : (
      <table>
        <thead>
          <tr>
            <th scope="col">When</th>
            <th scope="col">Warehouse</th>
            <th scope="col">Sensor</th>
            <th scope="col">Why</th>
            <th scope="col" class="number">
              Temperature
            </th>
            <th scope="col" class="number">
              Usual
            </th>
          </tr>
        </thead>
        <tbody aria-live="polite">
          {alerts.map(({ alertId, at, location, sensorId, reason, temperature, usual }) => (
            <tr key={alertId}>
              <td>
                <Ago at={at} />
              </td>
              <td dir="auto">{location}</td>
              <td>{sensorId}</td>
              <td>
                <span class="badge bad">{reasons[reason]}</span>
              </td>
              <td class="number">{temperature} °C</td>
              <td class="number">{usual === undefined ? '–' : `${usual} °C`}</td>
            </tr>
          ))}
        </tbody>
      </table>
    )}
  </section>
);
