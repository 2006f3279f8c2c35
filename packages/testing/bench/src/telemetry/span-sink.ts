// Accepts what it is sent, in a process of its own, so that receiving spans takes no time of what is measured.
import { createServer } from 'node:http';

const server = createServer((request, response) => {
  request.resume();
  request.on('end', () => response.end('{}'));
});
server.listen(0, '127.0.0.1', () => {
  const address = server.address();
  if (address !== null && typeof address !== 'string')
    process.send?.(`http://127.0.0.1:${address.port}/v1/traces`);
});
process.once('disconnect', () => process.exit());
