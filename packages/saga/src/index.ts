export {
  pivot,
  type Reason,
  type SagaDefinition,
  type Step,
  saga,
  step,
} from './definition.ts';
export {
  type ActionExplanation,
  explain,
  type SagaExplanation,
  type StepExplanation,
  type StepStatus,
  stepStatuses,
} from './explanation.ts';
export type { SagaQuery } from './find-sagas.ts';
export type { RepairInput, SagaFact, SagaInput, Transition } from './inputs.ts';
export { sagaMigrations } from './migrations.ts';
export {
  type Applied,
  createSagaRunner,
  type ExplainedSaga,
  type FoundSaga,
  type SagaBeginning,
  type SagaChange,
  type SagaOptions,
  type SagaRepair,
  type SagaRunner,
} from './runner.ts';
export type { SagaAction } from './saga-actions.ts';
export {
  isFinal,
  type Parking,
  type Phase,
  type SagaState,
  type SagaStatus,
  type StepState,
  sagaStatuses,
  statusOf,
} from './state.ts';
export { given, replied } from './test-kit.ts';
export { start, transition } from './transition.ts';
