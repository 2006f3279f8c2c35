export {
  pivot,
  type Reason,
  type SagaDefinition,
  type Step,
  saga,
  step,
} from './definition.ts';
export type { SagaFact, SagaInput, Transition } from './inputs.ts';
export { sagaMigrations } from './migrations.ts';
export {
  type Applied,
  createSagaRunner,
  type SagaBeginning,
  type SagaChange,
  type SagaOptions,
  type SagaRunner,
} from './runner.ts';
export { isFinal, type Parking, type Phase, type SagaState, type StepState } from './state.ts';
export { given, replied } from './test-kit.ts';
export { start, transition } from './transition.ts';
