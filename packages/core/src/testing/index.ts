export {
  describePersistence,
  persistenceCases,
  type DescribePersistenceOptions,
  type SkippedCase,
} from './persistence-suite.ts';
export { type PersistenceCase, PersistenceTestContext } from './persistence-case.ts';
export { type PersistenceHarness } from './persistence-harness.ts';
export { MemoryBackupDirectory } from './memory-backup-directory.ts';
export { SettableClock } from './settable-clock.ts';
export { hostileTexts } from './hostile-texts.ts';
export { type Matchers, type TestFramework } from './test-framework.ts';
