export type { Chapter, Teller } from './chapter.ts';
export {
  type Credentials,
  type Customer,
  createShopClient,
  type DeadLetterView,
  eventually,
  type LedgerLine,
  type OrderRequest,
  type OrderSummary,
  type OrderView,
  type PaymentRow,
  type Product,
  type SensorAlert,
  type SensorWindow,
  type ShipmentRow,
  type ShopClient,
  type StockRow,
} from './client.ts';
export { type Answer, createHttp, type Http, type RequestOptions, UnexpectedAnswer } from './http.ts';
export { assertInvariants, checkInvariants, type Invariant, type InvariantOptions } from './invariants.ts';
export type { Mail } from './mails.ts';
export { tellStory } from './story.ts';
