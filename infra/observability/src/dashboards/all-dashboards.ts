import { brokers } from './brokers.ts';
import { flow } from './flow.ts';
import { sagas } from './sagas.ts';
import { sensors } from './sensors.ts';
import { service } from './service.ts';
import { serviceLevelObjectives } from './service-level-objectives.ts';
import { tasks } from './tasks.ts';

/** By the names of their files in `grafana/dashboards`. */
export const dashboards = {
  flow,
  service,
  brokers,
  sagas,
  tasks,
  objectives: serviceLevelObjectives,
  sensors,
} as const;
