export { applyTopology } from './apply-topology.ts';
export {
  createServiceProcess,
  nodeEnvironment,
  nodeOptions,
  type ServiceProcess,
  type StartOptions,
} from './service-process.ts';
export { services } from './services.ts';
export { type Shop, type ShopOptions, startShop } from './shop.ts';
export { describeExit, type ExitReason, type Incident } from './supervisor.ts';
