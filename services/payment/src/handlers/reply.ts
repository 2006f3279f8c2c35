import { type Effects, emit, permanent } from '@emporium/bus';
import {
  paymentAuthorised,
  paymentCaptured,
  paymentCaptureFailed,
  paymentDeclined,
  paymentRefunded,
  paymentVoided,
} from '@emporium/contracts';
import type { Answer } from '../domain/payment.ts';

export interface Step {
  readonly orderId: string;
  readonly stepId: string;
}

/** The event that tells the asker; it carries the step that asked. */
export const reply = ({ orderId, stepId }: Step, answer: Answer): Effects => {
  const step = { orderId, stepId };
  switch (answer.kind) {
    case 'authorised':
      return emit(paymentAuthorised, { ...step, total: answer.total });
    case 'declined':
      return emit(paymentDeclined, { ...step, reason: answer.reason });
    case 'captured':
      return emit(paymentCaptured, { ...step, total: answer.total });
    case 'capture-failed':
      return emit(paymentCaptureFailed, { ...step, reason: answer.reason });
    case 'voided':
      return emit(paymentVoided, step);
    case 'refunded':
      return emit(paymentRefunded, { ...step, total: answer.total });
    case 'silence':
      return undefined;
    case 'impossible':
      throw permanent(answer.why);
  }
};
