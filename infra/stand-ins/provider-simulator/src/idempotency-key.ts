import type { HttpRequest } from '@emporium/service';
import { z } from 'zod';

/** For the description and the check of the header; see `idempotencyKeyOf`. */
export const idempotencyHeaders = z.looseObject({ 'idempotency-key': z.string().min(1).max(200) });

/** The key of a request whose schema asks for `idempotencyHeaders`. */
export const idempotencyKeyOf = (request: HttpRequest): string =>
  idempotencyHeaders.parse(request.headers)['idempotency-key'];
