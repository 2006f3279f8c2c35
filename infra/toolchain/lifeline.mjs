// Loaded into the script that run.mjs starts. Descriptor 3 is a pipe from run.mjs. When it closes, run.mjs was killed and cannot
// forward signals any more, so the script gets SIGTERM.
import { Socket } from 'node:net';

const lifeline = new Socket({ fd: 3, readable: true, writable: false });
lifeline.on('close', () => process.kill(process.pid, 'SIGTERM'));
lifeline.on('error', () => {
  // A broken pipe is followed by 'close'.
});
lifeline.resume();
lifeline.unref();
