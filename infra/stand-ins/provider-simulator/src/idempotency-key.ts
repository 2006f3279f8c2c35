import type { HttpRequest } from '@emporium/service';
import { z } from 'zod';

/** The schema of the header, for routes that use `idempotencyKeyOf`. */
export const idempotencyHeaders = z.looseObject({ 'idempotency-key': z.string().min(1).max(200) });

/** The key of a request whose route has the schema `idempotencyHeaders`. */
export const idempotencyKeyOf = (request: HttpRequest): string =>
  idempotencyHeaders.parse(request.headers)['idempotency-key'];
