import type { ServiceName } from '@emporium/contracts';
import { httpUrl, logLevel, streamUrl, url } from '@emporium/service';
import { z } from 'zod';

/** The password of a service's database role and broker user. Other characters would need encoding in URLs. */
const servicePassword = z
  .string()
  .regex(/^[\w.~-]{8,}$/, 'must have 8 or more letters, digits and -._~, because it becomes part of URLs')
  .meta({ examples: ['c0ffee5b1c2d3e4f'] });

/** `ORDER_PASSWORD`, `USER_REGISTRATION_PASSWORD` */
const passwordVariable = (service: ServiceName): string =>
  `${service.toUpperCase().replaceAll('-', '_')}_PASSWORD`;

/** The servers, as their administrator, and a password for each service and for third parties. */
export const configFor = (services: readonly ServiceName[]) =>
  z
    .object({
      LOG_LEVEL: logLevel.default('info'),
      /** As a superuser. */
      DATABASE_URL: url(['postgres:', 'postgresql:'], 'postgres://postgres:password@127.0.0.1:5432/postgres'),
      BUS_URL: url(['amqp:', 'amqps:'], 'amqp://admin:password@127.0.0.1:5672'),
      /** The broker of the open streams, if it is another one. It has no users: everybody who can connect may use it. */
      STREAM_URL: streamUrl.optional(),
      RABBITMQ_MANAGEMENT_URL: httpUrl('http://admin:password@127.0.0.1:15672'),
      THIRD_PARTY_PASSWORD: servicePassword,
      /** Of the warehouse, which reads confirmed orders. */
      WAREHOUSE_PASSWORD: servicePassword,
      /** Of the sensors that publish over MQTT. */
      SENSOR_PASSWORD: servicePassword,
      ...Object.fromEntries(services.map((service) => [passwordVariable(service), servicePassword])),
    })
    .transform((variables) => ({ ...variables, passwordOf: passwordsIn(variables) }));
export type Config = z.output<ReturnType<typeof configFor>>;

const passwordsIn =
  (variables: Readonly<Record<string, unknown>>) =>
  (service: ServiceName): string => {
    const password = variables[passwordVariable(service)];
    if (typeof password !== 'string') throw new Error(`${passwordVariable(service)} is missing`);
    return password;
  };
