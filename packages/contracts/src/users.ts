import { z } from 'zod';
import { emailAddress, id } from './common.ts';
import { command, event, stream } from './define.ts';

export const userRegistered = event('user.registered', {
  owner: 'user-registration',
  version: 1,
  key: 'userId',
  schema: z.object({
    userId: id,
    email: emailAddress,
    name: z.string().min(1).max(200),
  }),
});

/** The user has set a password with a link: the first one, or a new one. */
export const passwordChanged = event('user.password-changed', {
  owner: 'user-registration',
  version: 1,
  key: 'userId',
  schema: z.object({ userId: id }),
});

/** Registers somebody whom another system has registered. An address that has an account is left as it is. */
export const registerUser = command('user-registration.register-user', {
  owner: 'user-registration',
  senders: ['bridge'],
  version: 1,
  key: 'registrationId',
  schema: z.object({
    registrationId: z.uuid(),
    email: emailAddress,
    name: z.string().min(1).max(200),
    /** Where it was registered first, and the id that it has there. */
    origin: z.string().min(1).max(100),
    externalId: z.string().min(1).max(100),
  }),
});

/**
 * Users whom other systems have registered: an open stream, which any client may write. On RabbitMQ there is also a plain queue of
 * this name, which services/bridge reads.
 */
export const userRegistrations = stream('user_registrations', {
  owner: 'bridge',
  key: 'user_id',
  identity: ['user_id', 'email'],
  schema: z.object({
    user_id: z
      .int('must be a whole number')
      .min(0, 'must be 0 or more')
      .max(Number.MAX_SAFE_INTEGER, 'must be 9007199254740991 or less'),
    email: z.string('must be text').min(1, 'must not be empty').max(320, 'must have 320 characters or less'),
    name: z.string('must be text').min(1, 'must not be empty').max(200, 'must have 200 characters or less'),
  }),
});
