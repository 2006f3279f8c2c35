export type { ServiceProcess, StartOptions } from './service-process.ts';
export { services } from './services.ts';
export { applyTopology, type Shop, type ShopOptions, startShop } from './shop.ts';
