import type { Reporter, TestModule } from "vitest/node";

/**
 * Lists the tests that failed, and those that passed only at the second try, at the end of the run.
 * A test with real servers or browsers may fail when the machine stands still. A second failure
 * fails the run.
 */
export default class BriefReporter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[]): void {
    for (const module of modules) {
      for (const error of module.errors()) console.error(`failed: ${module.relativeModuleId}: ${error.message}`);
      for (const test of module.children.allTests()) {
        const { state, errors = [] } = test.result();
        const isFlaky = test.diagnostic()?.flaky === true;
        if (state !== "failed" && !isFlaky) continue;
        const [reason = ""] = errors[0]?.message.split("\n", 1) ?? [];
        console.error(`${isFlaky ? "passed at the second try" : "failed"}: ${module.relativeModuleId}: ${test.fullName}: ${reason}`);
      }
    }
  }
}
