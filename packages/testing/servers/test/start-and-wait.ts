// Started by a test as a process of its own, to be killed.
import { startPostgres } from '../src/index.ts';

const [dataDir] = process.argv.slice(2);
const server = await startPostgres(dataDir === undefined ? {} : { dataDir });
process.send?.({ url: server.adminUrl, pid: server.pid });
setInterval(() => {}, 1_000);
