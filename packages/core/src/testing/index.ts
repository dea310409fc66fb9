export {
  describePersistence,
  persistenceCases,
  type DescribePersistenceOptions,
  type SkippedCase,
} from './persistence-suite.ts';
export { type PersistenceCase, PersistenceScene } from './persistence-case.ts';
export { type PersistencePlace } from './persistence-place.ts';
export { MemoryBackupDirectory } from './memory-backup-directory.ts';
export { SettableClock } from './settable-clock.ts';
export { hostileTexts } from './hostile-texts.ts';
export { type Matchers, type TestFramework } from './test-framework.ts';
