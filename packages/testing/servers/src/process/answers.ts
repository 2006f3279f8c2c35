import { connect } from 'node:net';

/** Whether something listens on the port and, if `greeting` is given, replies to it. */
export const answers = (port: number, greeting?: string): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    const settle = (result: boolean) => {
      socket.destroy();
      resolve(result);
    };
    socket.setTimeout(2_000, () => settle(false));
    socket.on('error', () => settle(false));
    socket.on('close', () => settle(false));
    socket.on('connect', () => (greeting === undefined ? settle(true) : socket.write(greeting, 'latin1')));
    socket.on('data', () => settle(true));
  });
