import { availableParallelism } from 'node:os';
import { defineConfig } from 'vitest/config';

/** Tests that try as much as the effort of their project says, and those that are too long for the fast loop. */
const scaled = ['test/**/*.property.test.ts', 'test/**/*-fuzz.test.ts', 'test/simulation/**/*.test.ts'];
const thoroughOnly = ['test/scenarios/controller-restart-is-invisible.test.ts'];

const inProcess = {
  // mathjs, zod and client-node take seconds to load: once a worker is enough, since no test keeps state in a module.
  pool: 'threads',
  isolate: false,
} as const;

export default defineConfig({
  test: {
    reporters: ['default', './test/summary-reporter.ts'],
    // Left alone vitest keeps a core free, which is half of a small machine.
    maxWorkers: availableParallelism(),
    projects: [
      {
        test: {
          ...inProcess,
          name: 'fast',
          provide: { effort: 'fast' },
          include: ['test/**/*.test.ts'],
          exclude: ['test/e2e/**', 'node_modules/**', ...thoroughOnly],
          // Each takes well under a second, and many where the machine does other work.
          testTimeout: 60_000,
        },
      },
      {
        test: {
          ...inProcess,
          name: 'thorough',
          provide: { effort: 'thorough' },
          include: [...scaled, ...thoroughOnly],
          testTimeout: 120_000,
        },
      },
      {
        test: {
          ...inProcess,
          name: 'long',
          provide: { effort: 'long' },
          include: [...scaled, ...thoroughOnly],
          testTimeout: 3_600_000,
        },
      },
      {
        test: {
          name: 'e2e',
          provide: { effort: 'thorough' },
          include: ['test/e2e/**/*.test.ts'],
          // Each file brings a whole control plane up: one at a time on two cores.
          fileParallelism: false,
          testTimeout: 180_000,
          hookTimeout: 900_000,
        },
      },
      {
        test: {
          name: 'e2e-long',
          provide: { effort: 'long' },
          include: ['test/e2e/**/*.test.ts'],
          fileParallelism: false,
          testTimeout: 900_000,
          hookTimeout: 900_000,
        },
      },
    ],
  },
});
