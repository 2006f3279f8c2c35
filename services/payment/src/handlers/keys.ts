/** What the provider knows an order's authorisations by; a void names them without having seen an answer. */
export const authorisationKey = (orderId: string): string => `${orderId}/authorise`;
export const renewalKey = (orderId: string): string => `${orderId}/renewal`;
