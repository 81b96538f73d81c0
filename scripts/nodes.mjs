// npm run test:nodes: runs the tests that depend on Node's insides on the newest release of each version of Node.
// `npm run test:nodes -- test/http/routes/subscribe.test.ts` runs other tests so. `--others` leaves out the release that runs this: `npm test` has
// run all tests on it before.
import { spawnSync } from "node:child_process";
import { delimiter, dirname } from "node:path";
import { fileURLToPath } from "node:url";
import { installNodes, MAJORS, nodeBinary } from "./runtimes.mjs";

const ROOT = fileURLToPath(new URL("..", import.meta.url));

/**
 * What depends on Node's parser, sockets and workers. Rights, bodies and most routes do not.
 * test/http/sinks/socket-probe.test.ts compares the way of writing that each Node has.
 */
const TESTS = [
  "test/http/sinks/",
  "test/http/strict/",
  "test/http/reply/",
  "test/http/admission/",
  "test/http/fetch-servers.test.ts",
  "test/http/mounting.test.ts",
  "test/http/request-target.test.ts",
  "test/http/routes/left-requests.test.ts",
  "test/http/routes/polling-connections.test.ts",
  "test/http/routes/subscribe.test.ts",
  "test/cli/h2c.test.ts",
  "test/cli/heap-growth.test.ts",
  "test/cli/tls/tls.test.ts",
  "test/cli/workers.test.ts",
  "test/protocol/streams.test.ts",
  "test/protocol/requirements/subscription.test.ts",
  "test/security/floods.test.ts",
  "test/security/http2.test.ts",
  "test/security/limits.test.ts",
];

const asked = process.argv.slice(2).filter((argument) => argument !== "--others");
const onlyOthers = process.argv.includes("--others");
const tests = asked.length > 0 ? asked : TESTS;

/** Commands that tests start by name run on the same Node. */
function runOn(node) {
  const env = { ...process.env, PATH: [dirname(node), process.env.PATH].join(delimiter) };
  const args = ["node_modules/vitest/vitest.mjs", "run", ...tests];
  return spawnSync(node, args, { cwd: ROOT, stdio: "inherit", env }).status === 0;
}

await installNodes();
const results = MAJORS.flatMap((major) => {
  const node = nodeBinary(major);
  const version = spawnSync(node, ["--version"], { encoding: "utf8" }).stdout.trim();
  if (onlyOthers && version === process.version) return [];
  console.log(`\nNode ${version}`);
  const began = performance.now();
  const hasPassed = runOn(node);
  return { version, hasPassed, seconds: Math.round((performance.now() - began) / 1000) };
});
console.log("");
for (const { version, hasPassed, seconds } of results) console.log(`Node ${version}: ${hasPassed ? "passed" : "FAILED"}, in ${seconds} s`);
if (!results.every(({ hasPassed }) => hasPassed)) process.exitCode = 1;
