import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** The correlation id of the last order that was placed, from the log of the order service; undefined without such a line. */
export const lastOrder = (logDir: string): string | undefined => {
  const file = join(logDir, 'order.log');
  const lines = existsSync(file) ? readFileSync(file, 'utf8').split('\n') : [];
  const placed = lines.findLast(
    (line) => line.includes('"http.route":"/api/orders"') && line.includes('"http.response.status_code":202'),
  );
  return /"emporium\.correlation_id":"([\da-f-]+)"/.exec(placed ?? '')?.[1];
};
