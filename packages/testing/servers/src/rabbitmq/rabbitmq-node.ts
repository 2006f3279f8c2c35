import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { freePort } from '../process/free-port.ts';

const run = promisify(execFile);

/** The folder of the scripts in Debian's package that run as any user; those on the PATH require `rabbitmq` or root. */
const programs = () => process.env['RABBITMQ_BIN_DIR'] || '/usr/lib/rabbitmq/bin';

export const rabbitmqServer = (): string => join(programs(), 'rabbitmq-server');

/** The reason why RabbitMQ cannot be started here, or undefined. */
export const rabbitmqMissing = (): string | undefined =>
  existsSync(rabbitmqServer()) ? undefined : `there is no ${rabbitmqServer()}`;

export interface Ports {
  amqp: number;
  distribution: number;
  epmd: number;
  management: number;
}

export const choosePorts = async (amqp: number | undefined): Promise<Ports> => ({
  amqp: amqp ?? (await freePort()),
  distribution: await freePort(),
  epmd: await freePort(),
  management: await freePort(),
});

/** A node with its own folder and environment, independent of other RabbitMQs on this machine. */
export interface Node {
  folder: string;
  ports: Ports;
  env: NodeJS.ProcessEnv;
}

/**
 * How long until a message is dead-lettered again that left a delay tier while its target queue had no leader, as after a restart:
 * 180 s by default. It cannot be set in rabbitmq.conf.
 */
const confirmTimeout = '-rabbit dead_letter_worker_publisher_confirm_timeout 3000';

export const prepareNode = async (
  folder: string,
  ports: Ports,
  options: { user: string; password: string; plugins: readonly string[]; config: readonly string[] },
): Promise<Node> => {
  await mkdir(folder, { recursive: true });
  const config = join(folder, 'rabbitmq.conf');
  const plugins = join(folder, 'enabled_plugins');
  const lines = [
    `listeners.tcp.default = 127.0.0.1:${ports.amqp}`,
    `default_user = ${options.user}`,
    `default_pass = ${options.password}`,
    'disk_free_limit.absolute = 50MB',
    ...(options.plugins.includes('rabbitmq_management')
      ? ['management.tcp.ip = 127.0.0.1', `management.tcp.port = ${ports.management}`]
      : []),
    ...options.config,
  ];
  await writeFile(config, `${lines.join('\n')}\n`);
  await writeFile(plugins, `[${options.plugins.join(',')}].\n`);
  const env = {
    PATH: process.env['PATH'] ?? '/usr/bin:/bin',
    LANG: 'C.UTF-8',
    HOME: folder,
    RABBITMQ_NODENAME: `emporium-${ports.amqp}@localhost`,
    RABBITMQ_MNESIA_BASE: join(folder, 'data'),
    RABBITMQ_LOG_BASE: join(folder, 'log'),
    RABBITMQ_CONFIG_FILE: config,
    RABBITMQ_ADVANCED_CONFIG_FILE: join(folder, 'none.config'),
    RABBITMQ_CONF_ENV_FILE: join(folder, 'none.conf'),
    RABBITMQ_ENABLED_PLUGINS_FILE: plugins,
    RABBITMQ_PID_FILE: join(folder, 'node.pid'),
    RABBITMQ_NODE_PORT: String(ports.amqp),
    RABBITMQ_DIST_PORT: String(ports.distribution),
    RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS: `-kernel inet_dist_use_interface {127,0,0,1} ${confirmTimeout}`,
    ERL_EPMD_PORT: String(ports.epmd),
    ERL_EPMD_ADDRESS: '127.0.0.1',
    // The script is then replaced by the Erlang VM, so that there is one process to signal.
    RUNNING_UNDER_SYSTEMD: 'true',
  };
  return { folder, ports, env };
};

/** Runs `rabbitmqctl` or another `program` for the node. Resolves with its output, after some seconds. */
export const control = async (node: Node, program: string, args: readonly string[]): Promise<string> =>
  (await run(join(programs(), program), [...args], { env: node.env, cwd: node.folder })).stdout;
