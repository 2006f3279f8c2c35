import type { Place } from './where-to-look.ts';

/** How long a page is waited for, in milliseconds. It is on this machine. */
const answerMs = 2_000;

/** The pages of the profile `observability` of docker-compose.yml, on this machine, with the ports of these variables. */
export const observabilityPages = (env: NodeJS.ProcessEnv): readonly Place[] => {
  const page = (variable: string, port: string): string => `http://127.0.0.1:${env[variable] ?? port}`;
  return [
    ['dashboards', page('GRAFANA_PORT', '3000')],
    ['metrics', page('PROMETHEUS_PORT', '9090')],
    ['alerts', page('ALERTMANAGER_PORT', '9093')],
    ['traces', page('JAEGER_PORT', '16686')],
    ['log lines', page('KIBANA_PORT', '5601')],
  ];
};

/** Those that answer; where there are none, the command that starts them. */
export const whereToObserve = async (pages: readonly Place[]): Promise<readonly Place[]> => {
  if (pages.length === 0) return [];
  const answers = await Promise.all(pages.map(([, url]) => doesAnswer(url)));
  const running = pages.filter((_, index) => answers[index]);
  const start = 'docker compose --profile observability up --build --wait';
  return running.length > 0
    ? running
    : [['observability', `${start} starts dashboards, alerts, traces and logs`]];
};

const doesAnswer = async (url: string): Promise<boolean> => {
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(answerMs) });
    await response.body?.cancel();
    return response.ok;
  } catch {
    return false;
  }
};
