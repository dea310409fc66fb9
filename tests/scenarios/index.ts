export { seededNumbers } from './choices.ts';
export type { ModelHandle, ScenarioHarness } from './scenario-harness.ts';
export { runScenario, type ScenarioReport } from './run-scenario.ts';
export { storageHarness, type StorageHarnessOptions } from './storage-harness.ts';
export { drawStep, NUMBERS_PER_STEP, type ScenarioStep } from './scenario.ts';
