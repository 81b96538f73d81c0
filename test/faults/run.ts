// npm run test:faults: breaks what can break while publishers publish and subscribers receive, and looks for what was promised.
//
// Method
// - The server is the built command, in processes of its own; so are the publishers and the subscribers, who log what they sent, what they were
//   answered, and what they received. Faults are real: signals, full disks, power cuts of a mounted image.
// - A publish without an answer is "unknown": it may be delivered or not, but to all or none, once, and in order. It is not repeated.
// - When the faults are over, everybody settles: all subscribers must come to the last update, and one more reads the whole journal.
// - One checker (checker/), itself tested, judges the logs of every run.
// - What is random comes from a seed, which is printed. The moments of the kernel's scheduler don't.
import { parseArgs } from "node:util";
import { cleanUpAtTheEnd } from "./lib/cleanup.ts";
import { writeDocument } from "./lib/document.ts";
import { NotRun, type Scenario } from "./lib/scenario.ts";
import { type Result, section } from "./lib/sections.ts";
import { SCENARIOS } from "./scenarios/index.ts";

const HELP = `Usage: npm run test:faults -- [options]

Options
  --full          the numbers of the promises, instead of those of CI (a quarter of an hour in all)
  --only LIST     of ${SCENARIOS.map(({ name }) => name).join(", ")}; separated by commas
  --seed N        chooses what is random (1 in CI size, else the time)
  --write-docs    writes the figures into docs/reference/fault-runs.md
  --help

Needs Linux, \`npm run build\` and, for some scenarios, root: what can't be run is said.
Ends with status 1 when a promise was broken.`;

function readArguments(): { full: boolean; scenarios: readonly Scenario[]; seed: number; writeDocs: boolean } | undefined {
  const { values } = parseArgs({
    options: {
      full: { type: "boolean", default: false },
      only: { type: "string" },
      seed: { type: "string" },
      "write-docs": { type: "boolean", default: false },
      help: { type: "boolean", default: false },
    },
  });
  if (values.help) return undefined;
  const only = values.only?.split(",");
  const unknown = only?.find((name) => !SCENARIOS.some((scenario) => scenario.name === name));
  if (unknown !== undefined) throw new Error(`There is no scenario "${unknown}".\n\n${HELP}`);
  const seed = Number(values.seed ?? (values.full ? Date.now() % 2 ** 31 : 1));
  if (!Number.isSafeInteger(seed)) throw new Error(`--seed: "${values.seed}" is not a whole number.`);
  return {
    full: values.full,
    scenarios: SCENARIOS.filter(({ name }) => only?.includes(name) ?? true),
    seed,
    writeDocs: values["write-docs"],
  };
}

/** In CI size, a scenario that exceeded nothing but bounds of time has a second try. */
async function runScenario(scenario: Scenario, full: boolean, seed: number): Promise<Result> {
  const { result, isOnlyLate } = await tryScenario(scenario, full, seed);
  if (full || !isOnlyLate) return result;
  const { result: second } = await tryScenario(scenario, full, seed);
  const figures = [...second.figures, ["verdict of the first try", "late"] as const];
  return { ...second, figures, seconds: result.seconds + second.seconds };
}

async function tryScenario(scenario: Scenario, full: boolean, seed: number): Promise<{ result: Result; isOnlyLate: boolean }> {
  const figures = new Map<string, string>();
  const violations: string[] = [];
  const exceeded: string[] = [];
  const say = (text: string): void => console.error(`${scenario.name}: ${text}`);
  const beganMs = performance.now();
  let lastMs = beganMs;
  let notRun: string | undefined;
  if (scenario.needs === "root" && process.getuid?.() !== 0) notRun = "it needs root";
  else {
    say(`${scenario.what} (${scenario.promise}${full ? ", in full" : ""}, seed ${seed})`);
    try {
      await scenario.run({
        full,
        seed,
        report: ({ name, value }) => void figures.set(name, value),
        progress: (text) => {
          if (performance.now() - lastMs < 5000) return;
          lastMs = performance.now();
          say(text);
        },
        violation: (text) => {
          violations.push(text);
          say(`VIOLATION: ${text}`);
        },
        late: (text) => {
          exceeded.push(text);
          say(`LATE: ${text}`);
        },
        notRun: (reason) => {
          throw new NotRun(reason);
        },
      });
    } catch (error) {
      // What was found before counts all the same.
      if (error instanceof NotRun && violations.length + exceeded.length === 0) notRun = error.message;
      else {
        violations.push(String(error));
        say(`it failed: ${error instanceof Error ? error.stack : String(error)}`);
      }
    }
  }
  const isKept = violations.length + exceeded.length === 0;
  const seconds = Math.round((performance.now() - beganMs) / 1000);
  const { name, promise, what } = scenario;
  say(notRun === undefined ? `${isKept ? "kept" : "BROKEN"}, in ${seconds} s` : `NOT RUN: ${notRun}`);
  const result: Result = {
    name,
    promise,
    what,
    figures: [...figures],
    seconds,
    verdict: notRun ?? (isKept ? "kept" : "broken"),
    isRun: notRun === undefined,
  };
  return { result, isOnlyLate: exceeded.length > 0 && violations.length === 0 };
}

async function main(): Promise<void> {
  const options = readArguments();
  if (options === undefined) {
    console.log(HELP);
    return;
  }
  const { full, scenarios, seed, writeDocs } = options;
  const results: Result[] = [];
  for (const scenario of scenarios) results.push(await runScenario(scenario, full, seed));
  console.log(`\n${results.map(section).join("\n\n")}\n`);
  if (writeDocs) writeDocument(results, { full, seed, order: SCENARIOS.map(({ name }) => name) });
  if (results.some(({ verdict }) => verdict === "broken")) process.exitCode = 1;
}

cleanUpAtTheEnd();
try {
  await main();
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 2;
}
// What a failed run has left would keep this process.
process.exit();
