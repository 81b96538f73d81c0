import { defineConfig } from "vitest/config";

const resolve = { conditions: ["artesian-source"] };

export default defineConfig({
  test: {
    // Browsers and servers share two cores.
    maxWorkers: 2,
    projects: [
      {
        resolve,
        ssr: { resolve },
        test: {
          name: "tests",
          include: ["test/**/*.test.ts"],
          exclude: ["test/field/**"],
          testTimeout: 30_000,
          hookTimeout: 60_000,
          // A busy machine takes longer than the default second.
          expect: { poll: { timeout: 10_000 } },
          sequence: { groupOrder: 0 },
        },
      },
      {
        resolve,
        ssr: { resolve },
        test: {
          name: "field",
          include: ["test/field/**/*.test.ts"],
          // Most cells wait for heartbeats most of the time. lib/measure.ts lets few be measured at a time.
          maxConcurrency: 24,
          testTimeout: 120_000,
          hookTimeout: 180_000,
          // Alone, and one file after the other: what is measured is time.
          fileParallelism: false,
          sequence: { groupOrder: 1 },
        },
      },
    ],
  },
});
