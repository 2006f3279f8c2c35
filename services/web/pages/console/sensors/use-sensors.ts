import { type Signal, useSignal, useSignalEffect } from '@preact/signals';
import { request } from '../../shared/api.ts';
import { openStream } from '../../shared/event-stream.ts';
import { isPaused, type Resource } from '../../shared/resource.ts';
import { shopClock } from '../../shared/shop-clock.ts';
import {
  type Alert,
  type LocationWindows,
  maxAlerts,
  maxWindows,
  type Warehouses,
  type Window,
  warehousesOf,
  withAlert,
  withWindow,
} from './windows.ts';

export interface Sensors {
  readonly warehouses: Warehouses;
  readonly alerts: readonly Alert[];
}

export interface Reading {
  readonly state: Signal<Resource<Sensors>>;
  readonly link: Signal<'connecting' | 'live' | 'waiting' | 'paused'>;
  reload(): void;
}

/** The last hour, and then every change as it is streamed. While the view is paused there is no stream. */
export const useSensors = (): Reading => {
  const state = useSignal<Resource<Sensors>>({ kind: 'loading' });
  const link = useSignal<'connecting' | 'live' | 'waiting' | 'paused'>('connecting');
  const again = useSignal(0);

  useSignalEffect(() => {
    void again.value;
    if (isPaused.value) {
      link.value = 'paused';
      return;
    }
    let isLeft = false;
    const change = (next: (before: Sensors) => Sensors): void => {
      const before = state.peek();
      if (before.kind === 'ready')
        state.value = { kind: 'ready', value: next(before.value), at: new Date(shopClock.now()) };
    };
    const read = async (): Promise<void> => {
      const [windows, alerts] = await Promise.all([
        request<{ locations: readonly LocationWindows[] }>(`/api/sensors/locations?windows=${maxWindows}`),
        request<{ alerts: readonly Alert[] }>(`/api/sensors/alerts?limit=${maxAlerts}`),
      ]);
      if (isLeft) return;
      const failed = windows.kind !== 'ok' ? windows : alerts.kind !== 'ok' ? alerts : undefined;
      if (windows.kind === 'ok' && alerts.kind === 'ok') {
        const value = { warehouses: warehousesOf(windows.body.locations), alerts: alerts.body.alerts };
        state.value = { kind: 'ready', value, at: new Date(shopClock.now()) };
      } else if (failed !== undefined && state.peek().kind !== 'ready') state.value = failed;
    };
    link.value = 'connecting';
    const close = openStream('/api/sensors/stream', ['window', 'alert'], {
      next: ({ type, data }) =>
        change(({ warehouses, alerts }) =>
          type === 'window'
            ? { warehouses: withWindow(warehouses, data as Window & { location: string }), alerts } // of the shop's own stream
            : { warehouses, alerts: withAlert(alerts, data as Alert) },
        ),
      state: (now) => {
        link.value = now;
        // What happened while there was no stream.
        if (now === 'live') void read();
      },
    });
    void read();
    return () => {
      isLeft = true;
      close();
    };
  });

  const reload = (): void => {
    again.value += 1;
  };
  return { state, link, reload };
};
