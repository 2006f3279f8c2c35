/** A webhook, as the routes below `/api/admin/webhooks` answer. */
export interface Webhook {
  readonly id: string;
  readonly url: string;
  readonly events: 'all' | readonly string[];
  readonly description?: string;
  readonly enabled: boolean;
  readonly disabled?: { readonly at: string; readonly reason: string };
  readonly failingSince?: string;
  readonly throttledUntil?: string;
  readonly previousSecretUntil?: string;
  readonly deliveries: { readonly pending: number; readonly failed: number };
  readonly createdAt: string;
}

export interface WebhookDetail extends Webhook {
  readonly changes: readonly {
    readonly at: string;
    readonly userId: string;
    readonly action: string;
    readonly details: Readonly<Record<string, unknown>>;
  }[];
}

export interface Delivery {
  readonly id: string;
  readonly type: string;
  readonly status: string;
  readonly attempts: number;
  readonly createdAt: string;
  readonly nextAttemptAt?: string;
  readonly lastStatus?: number;
  readonly lastReason?: string;
}

export interface Attempt {
  readonly at: string;
  readonly durationMs: number;
  readonly status?: number;
  readonly reason?: string;
  readonly snippet?: string;
}

export interface DeliveryDetail extends Delivery {
  readonly webhookId: string;
  readonly history: readonly Attempt[];
  readonly payload: unknown;
}
