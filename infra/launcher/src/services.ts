import { resolve } from 'node:path';
import type { Settings } from './settings.ts';

/** One process of the shop. */
export interface ServiceEntry {
  readonly name: string;
  /** Stands in for something outside of the shop: its folder is in `infra/stand-ins`, not in `services`. */
  readonly standIn?: true;
  /** For a second process of a service: the service, whose database it shares, and its program below the service's folder. */
  readonly part?: { readonly service: string; readonly main: string };
  /** Has its own database, and sends or receives messages. */
  readonly database: boolean;
  /** Writes or reads an open stream, or stores its dead letters. */
  readonly stream?: boolean;
  /** Its environment, besides the common part. */
  readonly env: (settings: Settings) => Readonly<Record<string, string>>;
}

const none = () => ({});

/** Every process of the shop. */
export const services: readonly ServiceEntry[] = [
  {
    name: 'mailbox',
    standIn: true,
    database: false,
    env: ({ smtpPort, file }) => ({ SMTP_PORT: String(smtpPort), STATE_FILE: file('mailbox.jsonl') }),
  },
  {
    name: 'provider-simulator',
    standIn: true,
    database: false,
    env: ({ secrets, address, file }) => ({
      PAYMENT_API_KEY: secrets.paymentApiKey,
      CARRIER_API_KEY: secrets.carrierApiKey,
      CARRIER_WEBHOOK_SECRET: secrets.carrierWebhookSecret,
      CARRIER_CALLBACK_URL: `${address('shipping')}/api/webhooks/carrier`,
      STATE_FILE: file('provider-simulator.jsonl'),
    }),
  },
  { name: 'order', database: true, env: none },
  { name: 'inventory', database: true, env: none },
  {
    name: 'payment',
    database: true,
    env: ({ secrets, address }) => ({
      PAYMENT_PROVIDER_URL: address('provider-simulator'),
      PAYMENT_API_KEY: secrets.paymentApiKey,
    }),
  },
  {
    name: 'shipping',
    database: true,
    env: ({ secrets, address }) => ({
      CARRIER_URL: address('provider-simulator'),
      CARRIER_API_KEY: secrets.carrierApiKey,
      CARRIER_WEBHOOK_SECRET: secrets.carrierWebhookSecret,
    }),
  },
  {
    name: 'user-registration',
    database: true,
    env: ({ secrets, address }) => ({
      SHOP_URL: address('gateway'),
      JWT_PRIVATE_KEY: secrets.jwtPrivateKey,
      ADMIN_EMAIL: secrets.adminEmail,
      ADMIN_PASSWORD: secrets.adminPassword,
    }),
  },
  { name: 'email', database: true, env: ({ tasksUrl }) => ({ TASKS_URL: tasksUrl }) },
  {
    name: 'email-worker',
    part: { service: 'email', main: 'src/worker/main.ts' },
    database: false,
    env: ({ smtpPort, tasksUrl }) => ({
      TASKS_URL: tasksUrl,
      SMTP_URL: `smtp://127.0.0.1:${smtpPort}`,
      MAIL_FROM: 'Emporium <shop@emporium.example>',
    }),
  },
  { name: 'operations', database: true, stream: true, env: none },
  { name: 'sensor-analytics', database: true, stream: true, env: none },
  { name: 'loyalty', database: true, env: none },
  { name: 'sensor-simulator', standIn: true, database: false, stream: true, env: none },
  { name: 'bridge', database: true, stream: true, env: () => ({ WEBHOOKS_ALLOW_PRIVATE: 'true' }) },
  { name: 'web', database: false, env: none },
  {
    name: 'gateway',
    database: false,
    env: ({ address, gatewayMetricsPort }) => ({
      METRICS_PORT: String(gatewayMetricsPort),
      ...Object.fromEntries(behindGateway().map((name) => [variableOf(name), address(name)])),
    }),
  },
];

/** The gateway gets the URL of every process; its own table says which it forwards to. */
const behindGateway = (): readonly string[] =>
  services.flatMap(({ name }) => (name === 'gateway' ? [] : [name]));

/** `USER_REGISTRATION_URL` */
const variableOf = (service: string): string => `${service.toUpperCase().replaceAll('-', '_')}_URL`;

/** The path of a process's entry point. */
export const programOf = (name: string): string => {
  const entry = services.find((each) => each.name === name);
  const program =
    entry?.part === undefined
      ? `${entry?.standIn ? 'infra/stand-ins' : 'services'}/${name}/src/main.ts`
      : `services/${entry.part.service}/${entry.part.main}`;
  return resolve(import.meta.dirname, '../../..', program);
};
