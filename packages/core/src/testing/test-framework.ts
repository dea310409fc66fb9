export type { Matchers, TestFramework } from '@ggen-sim/sqljs-vfs/testing';
