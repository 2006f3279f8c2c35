import { Duplex } from 'node:stream';
import type { Channel } from 'amqplib';

/**
 * amqplib writes each frame with a system call of its own, which is most of the cost of a publish or an ack. Called after each of
 * them, the returned function sends all frames of one turn of the event loop in one call, without a delay.
 */
export const createBatchWrites = (channel: Channel): (() => void) => {
  const { connection } = channel;
  // Not in amqplib's types. If it is missing, frames are written one by one.
  const socket = 'stream' in connection ? connection.stream : undefined;
  if (!(socket instanceof Duplex)) return () => {};
  let corked = false;
  const uncork = () => {
    corked = false;
    socket.uncork();
  };
  // amqplib writes in a `setImmediate` that it schedules in a tick; this one runs right after it.
  const afterWriting = () => setImmediate(uncork);
  return () => {
    if (corked) return;
    corked = true;
    socket.cork();
    process.nextTick(afterWriting);
  };
};
