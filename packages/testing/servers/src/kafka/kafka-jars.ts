import { fileURLToPath } from 'node:url';
import { type JavaServer, jarsMissing, jarsOf } from '../java/maven-jars.ts';

const kafka: JavaServer = {
  name: 'Kafka',
  pom: fileURLToPath(new URL('../../kafka/pom.xml', import.meta.url)),
  programs: ['java'],
};

/** The reason why Kafka cannot be started here, or undefined. */
export const kafkaMissing = (): Promise<string | undefined> => jarsMissing(kafka);

/** The class path of a broker. */
export const kafkaJars = (): Promise<string> => jarsOf(kafka);
