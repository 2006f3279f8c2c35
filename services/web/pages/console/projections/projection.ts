export interface Lag {
  readonly events: number;
  readonly seconds: number;
}

interface Failure {
  readonly id: string;
  readonly stream: string;
  readonly version: number;
  readonly type: string;
  readonly reason: string;
  readonly since: string;
}

export interface Build {
  readonly version: number;
  readonly startedAt: string;
  /** Applied so far. */
  readonly events: number;
  readonly lag: Lag;
  readonly failure?: Failure;
}

/** As `GET /api/admin/reports/projections` describes one. */
export interface Projection {
  readonly name: string;
  readonly version?: number;
  readonly lag: Lag;
  readonly failure?: Failure;
  readonly builtAt?: string;
  readonly build?: Build;
}

/** From 0 to 1. */
export const progressOf = ({ events, lag }: Pick<Build, 'events' | 'lag'>): number => {
  const total = events + lag.events;
  return total === 0 ? 1 : events / total;
};
