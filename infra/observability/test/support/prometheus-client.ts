import { setTimeout as sleep } from 'node:timers/promises';

interface Series {
  readonly metric: Readonly<Record<string, string>>;
  readonly values: readonly (readonly [number, string])[];
}

export interface FiringAlert {
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  readonly state: string;
}

/** Reads from the API of Prometheus. */
export const createPrometheusClient = (url: string) => {
  const read = async <Data>(path: string): Promise<Data> => {
    const response = await fetch(`${url}/api/v1/${path}`);
    const body = (await response.json()) as { status: string; data: Data; error?: string }; // of a server that the test started
    if (body.status !== 'success') throw new Error(`${path}: ${body.error}`);
    return body.data;
  };
  const alerts = async (): Promise<readonly FiringAlert[]> =>
    (await read<{ alerts: readonly FiringAlert[] }>('alerts')).alerts.filter(
      ({ state }) => state === 'firing',
    );

  return {
    alerts,
    /** The series that an expression had in the last seconds. */
    range: async (expr: string, seconds: number): Promise<readonly Series[]> => {
      const end = Date.now() / 1_000;
      const query = new URLSearchParams({ query: expr, start: `${end - seconds}`, end: `${end}`, step: '2' });
      return (await read<{ result: readonly Series[] }>(`query_range?${query}`)).result;
    },
    targets: async () =>
      (
        await read<{
          activeTargets: readonly { labels: Record<string, string>; health: string; lastError: string }[];
        }>('targets?state=active')
      ).activeTargets,
    /** Resolves when the condition is met by the alerts that fire. Rejects with all of them when it is not in time. */
    alertsBecome: async (
      what: string,
      condition: (firing: readonly FiringAlert[]) => boolean,
      timeoutMs = 90_000,
    ): Promise<readonly FiringAlert[]> => {
      for (const until = Date.now() + timeoutMs; ; await sleep(500)) {
        const firing = await alerts();
        if (condition(firing)) return firing;
        if (Date.now() > until)
          throw new Error(
            `${what}: not within ${timeoutMs} ms; firing: ${JSON.stringify(firing.map(({ labels }) => labels))}`,
          );
      }
    },
  };
};
