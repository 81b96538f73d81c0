import { defineConfig, type TestProjectInlineConfiguration } from "vitest/config";
import { type Project, projectOf, testFiles } from "./test/projects.ts";

const resolve = { conditions: ["artesian-source"] };

type TestOptions = TestProjectInlineConfiguration["test"];

/** One of the projects that `npm test` runs side by side. */
function projectWith(name: Project, options: TestOptions = {}): TestProjectInlineConfiguration {
  return {
    resolve,
    ssr: { resolve },
    test: {
      name,
      include: testFiles().filter((file) => projectOf(file) === name),
      // A busy machine takes many times as long. A long wait delays failures only.
      testTimeout: 90_000,
      hookTimeout: 120_000,
      expect: { poll: { timeout: 20_000 } },
      sequence: { groupOrder: 0 },
      ...options,
    },
  };
}

export default defineConfig({
  test: {
    // On two cores: with two, a third of the processors' time was idle.
    maxWorkers: 3,
    reporters: ["default", "./test/brief-reporter.ts"],
    projects: [
      // Files share a process and its modules: to load these for each file took as long as the tests.
      projectWith("unit", { setupFiles: ["test/support/no-servers.ts"], isolate: false }),
      projectWith("servers", { retry: 1 }),
      projectWith("browsers", { retry: 1 }),
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
