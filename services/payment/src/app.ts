import { createOutbound, createService, type LifecycleStage, type Log } from '@emporium/service';
import type { Config } from './config.ts';
import { onAuthorisePayment } from './handlers/authorise-payment.ts';
import { onCancelRefund } from './handlers/cancel-refund.ts';
import { onCapturePayment } from './handlers/capture-payment.ts';
import { onRefundPayment } from './handlers/refund-payment.ts';
import { onRefundWholePayment } from './handlers/refund-whole-payment.ts';
import { onVoidPayment } from './handlers/void-payment.ts';
import { migrations } from './migrations/index.ts';
import { createPaymentProvider } from './provider.ts';
import { paymentRoutes } from './routes.ts';
import type { Tables } from './store/tables.ts';

export const createApp = (config: Config, log: Log): Promise<readonly LifecycleStage[]> =>
  createService<Tables>('payment', config, log, ({ store }) => {
    const provider = createPaymentProvider(
      createOutbound({
        peer: 'the payment provider',
        url: config.PAYMENT_PROVIDER_URL,
        apiKey: config.PAYMENT_API_KEY,
        timeoutMs: config.PROVIDER_TIMEOUT_MS,
        log,
      }),
    );
    return {
      description: 'Authorises, captures, voids and refunds through a payment provider.',
      migrations,
      routes: [paymentRoutes(store)],
      subscriptions: {
        'payment.commands': [
          onAuthorisePayment(provider),
          onCapturePayment(provider),
          onVoidPayment(provider),
          onRefundPayment(provider),
          onRefundWholePayment(provider),
          onCancelRefund,
        ],
      },
    };
  });
