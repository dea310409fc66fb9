import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    // The machine has few cores, and the races want them all.
    fileParallelism: false,
    // Hundreds of processes, one after the other, on a machine that may be busy with others.
    testTimeout: 300_000,
    hookTimeout: 300_000,
  },
});
