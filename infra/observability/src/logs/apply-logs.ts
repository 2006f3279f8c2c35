import { call, RefusedCall } from '../call.ts';
import { indexTemplate, logMappings, logStream, retention, retentionComponent } from './index-template.ts';

/** Prepares Elasticsearch for log lines. It can be repeated: a field that was added is indexed from then on. */
export const applyLogs = async (url: string): Promise<void> => {
  await call('PUT', `${url}/_component_template/${retentionComponent}`, retention());
  await call('PUT', `${url}/_index_template/emporium-logs`, indexTemplate());
  if (!(await exists(`${url}/_data_stream/${logStream}`))) return; // the first line creates it from the template
  await call('PUT', `${url}/${logStream}/_mapping`, { properties: logMappings() });
};

const exists = async (url: string): Promise<boolean> => {
  try {
    await call('GET', url);
    return true;
  } catch (error) {
    if (error instanceof RefusedCall && error.status === 404) return false;
    throw error;
  }
};
