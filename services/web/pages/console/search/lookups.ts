/** A place that may know an id. */
export interface Lookup {
  /** What is asked, as in "an order". */
  readonly what: string;
  readonly path: string;
  /** The pages that follow from the answer; none where it has nothing. */
  readonly found: (body: unknown) => readonly Found[];
}

/** A page that an id leads to. */
export interface Found {
  readonly what: string;
  readonly href: string;
  readonly text: string;
}

const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;
const traceId = /^[0-9a-f]{32}$/i;
const visible = /^[\x21-\x7e]{1,200}$/;

/** What to ask for an id, by its form: nobody is asked for what it cannot be. */
export const lookupsFor = (id: string): readonly Lookup[] => {
  const one = encodeURIComponent(id);
  const page = (what: string, href: string) => (): readonly Found[] => [{ what, href, text: id }];
  return [
    ...(uuid.test(id)
      ? [
          { what: 'an order', path: `/api/orders/${one}`, found: page('order', `/console/orders/${one}`) },
          { what: 'a saga or a refund', path: `/api/admin/sagas/${one}`, found: sagaOf },
          {
            what: 'a dead letter',
            path: `/api/admin/dead-letters/${one}`,
            found: page('dead letter', `/console/dead-letters/${one}`),
          },
          { what: 'a customer', path: `/api/admin/loyalty/${one}`, found: customerOf(id) },
        ]
      : []),
    ...(traceId.test(id)
      ? [
          {
            what: 'a trace',
            path: `/api/admin/traces/${one}`,
            found: page('trace', `/console/traces/${one}`),
          },
        ]
      : []),
    ...(visible.test(id)
      ? [
          {
            what: 'a correlation id',
            path: `/api/admin/trace/${one}`,
            found: page('what followed from one request', `/console/traces/${one}`),
          },
          {
            what: 'a message of the last hour',
            path: `/api/admin/messages?messageId=${one}`,
            found: messagesOf,
          },
        ]
      : []),
    { what: 'a product', path: '/api/products?limit=200', found: productOf(id) },
  ];
};

/** A saga of an order has the id of the order, which has its own page. */
const sagaOf = (body: unknown): readonly Found[] => {
  const { id, saga, orderId } = body as { id: string; saga: string; orderId: string };
  return id === orderId ? [] : [{ what: `saga: ${saga}`, href: `/console/sagas/${id}`, text: id }];
};

const customerOf =
  (id: string) =>
  (body: unknown): readonly Found[] => {
    const { entries = [] } = body as { entries?: readonly unknown[] };
    return entries.length === 0
      ? []
      : [{ what: 'customer', href: `/console/orders?customer=${encodeURIComponent(id)}`, text: id }];
  };

/** The deliveries of one message belong to one request. */
const messagesOf = (body: unknown): readonly Found[] => {
  const { messages } = body as {
    messages: readonly { traceId: string; correlationId?: string; type?: string }[];
  };
  const found = new Map(
    messages.map(({ correlationId, traceId: trace, type = 'a message' }) => [
      correlationId ?? trace,
      { what: 'message', href: `/console/traces/${encodeURIComponent(correlationId ?? trace)}`, text: type },
    ]),
  );
  return [...found.values()];
};

const productOf =
  (sku: string) =>
  (body: unknown): readonly Found[] => {
    const { products } = body as { products: readonly { sku: string; name: string }[] };
    return products
      .filter((each) => each.sku.toLowerCase() === sku.toLowerCase())
      .map((each) => ({ what: 'product', href: `/?q=${encodeURIComponent(each.sku)}`, text: each.name }));
  };
