export { describeSyncTarget, type TargetFramework } from './describe-sync-target.ts';
