export { readShopAccess } from './shop-access.ts';
export { describe, type ShopClient, signIn } from './shop-client.ts';
export { printable } from './table.ts';
