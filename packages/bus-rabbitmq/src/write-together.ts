import { Duplex } from 'node:stream';
import type { Channel } from 'amqplib';

/**
 * amqplib hands every frame to the socket by itself: one system call for each publish and each ack, which is most of what
 * they cost. Called after each, this lets all frames of one turn of the event loop leave in one call, and delays none.
 */
export const createWriteTogether = (channel: Channel): (() => void) => {
  const { connection } = channel;
  // Not among amqplib's types. Should it go, frames are written as amqplib writes them.
  const socket = 'stream' in connection ? connection.stream : undefined;
  if (!(socket instanceof Duplex)) return () => {};
  let corked = false;
  const uncork = () => {
    corked = false;
    socket.uncork();
  };
  // amqplib writes in an immediate that it asked for in a tick: ours comes right after it.
  const afterWriting = () => setImmediate(uncork);
  return () => {
    if (corked) return;
    corked = true;
    socket.cork();
    process.nextTick(afterWriting);
  };
};
