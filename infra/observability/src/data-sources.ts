/** The data sources that Grafana is provisioned with (`grafana/provisioning/datasources`). */
export const dataSources = {
  prometheus: { type: 'prometheus', uid: 'prometheus' },
  alertmanager: { type: 'alertmanager', uid: 'alertmanager' },
  jaeger: { type: 'jaeger', uid: 'jaeger' },
} as const;
