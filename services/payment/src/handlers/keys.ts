/** The idempotency keys of an order's authorisations. A void can use them even if the response to the authorisation was lost. */
export const authorisationKey = (orderId: string): string => `${orderId}/authorise`;
export const renewalKey = (orderId: string): string => `${orderId}/renewal`;

/** The same for every attempt: whichever the provider carries out, it refunds once. */
export const refundKey = (orderId: string, refundId: string): string => `${orderId}/refund/${refundId}`;
export const wholeRefundKey = (orderId: string): string => `${orderId}/refund`;
