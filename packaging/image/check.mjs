// Runs the image as an orchestrator would, with a read-only root and a volume: `node packaging/image/check.mjs [LAYOUT:TAG]`.
// Needs root, umoci and crun.
import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { chownSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { BUILD, run, VERSION } from "../tree.mjs";

// crun knows the second version of cgroups alone. The host keeps its own.
const CGROUPS = 'umount -R /sys/fs/cgroup && mount -t cgroup2 none /sys/fs/cgroup && exec "$@"';
if (process.env["CHECK_INSIDE"] === undefined) {
  const command = ["--mount", "--cgroup", "sh", "-c", CGROUPS, "sh", ...process.argv];
  const { status } = spawnSync("unshare", command, { stdio: "inherit", env: { ...process.env, CHECK_INSIDE: "1" } });
  process.exit(status ?? 1);
}

const [image = `${join(BUILD, "image")}:${VERSION}`] = process.argv.slice(2);
const NAME = `artesian-check-${process.pid}`;
const USER = 1000;
const work = mkdtempSync(join(tmpdir(), "artesian-image-check-"));
const bundle = join(work, "bundle");
const data = join(work, "data");
const state = join(work, "state");
const crun = (...args) => ["--root", state, "--cgroup-manager=disabled", ...args];

/** Runs a program in the container. @returns Its status and its output. */
function inside(...command) {
  const { status, stdout, stderr } = spawnSync("crun", crun("exec", NAME, ...command), { encoding: "utf8" });
  return { status, output: `${stdout}${stderr}` };
}

/** Asks the hub from inside. @returns The status and the text of the answer. */
function ask(path, options = {}) {
  const code = `fetch("http://127.0.0.1:3000${path}", ${JSON.stringify(options)}).then(async (answer) => console.log(answer.status, await answer.text()))`;
  return inside("/usr/bin/node", "-e", code).output.trim();
}

async function start(step) {
  console.log(`check: ${step}`);
  const child = spawn("crun", crun("run", "--bundle", bundle, NAME), { stdio: ["ignore", "inherit", "inherit"] });
  const exited = once(child, "exit");
  for (let tries = 0; ask("/health/ready").slice(0, 3) !== "200"; tries++) {
    assert(tries < 100 && child.exitCode === null, "the hub does not answer");
    await sleep(200);
  }
  return { child, exited };
}

let running;
try {
  run("umoci", ["unpack", "--image", image, bundle]);
  mkdirSync(data, { mode: 0o700 });
  chownSync(data, USER, USER);
  const file = join(bundle, "config.json");
  const config = JSON.parse(readFileSync(file, "utf8"));
  const health = config.annotations["artesian.health"].match(/^(\S+) -e '(.+)'$/);
  assert.deepEqual(config.process.user, { ...config.process.user, uid: USER, gid: USER });
  config.process.terminal = false;
  config.process.noNewPrivileges = true;
  config.process.args.push("--anonymous", "--anonymous-publish");
  for (const set of Object.keys(config.process.capabilities)) config.process.capabilities[set] = [];
  config.root.readonly = true;
  config.mounts = config.mounts.filter(({ type, destination }) => type !== "cgroup" && destination !== "/data");
  config.mounts.push(
    { destination: "/data", type: "bind", source: data, options: ["rbind", "rw"] },
    { destination: "/tmp", type: "tmpfs", source: "tmpfs", options: ["nosuid", "nodev", "mode=1777"] },
  );
  delete config.linux.resources;
  writeFileSync(file, JSON.stringify(config));

  running = await start("start with a read-only root, no capabilities, and a volume");
  console.log(`check: ${ask("/health/ready")}`);
  const status = inside("/usr/bin/node", "-p", "require('fs').readFileSync('/proc/1/status', 'utf8')").output;
  assert.match(status, /^Uid:\t1000\t1000\t1000\t1000$/m);
  assert.match(status, /^CapEff:\t0000000000000000$/m);
  assert.match(status, /^NoNewPrivs:\t1$/m);
  assert.match(inside("/usr/bin/node", "-e", "require('fs').writeFileSync('/usr/x', '')").output, /EROFS/);
  assert.notEqual(inside("/bin/sh", "-c", "true").status, 0, "the image has a shell");
  assert.equal(inside(health[1], "-e", health[2]).status, 0, "the health check fails");
  const publish = { method: "POST", headers: { "content-type": "application/x-www-form-urlencoded" }, body: "topic=check&data=kept" };
  assert.match(ask("/events/stream", publish), /^200 /);

  console.log("check: stop by SIGTERM");
  run("crun", crun("kill", NAME, "TERM"));
  const [code] = await running.exited;
  assert.equal(code, 0, "the status of the end");

  running = await start("start again: the update is there");
  const poll = { headers: { accept: "application/json" } };
  assert.match(ask("/events/stream?match=check&lastEventID=earliest&wait=0", poll), /kept/);
  console.log("check: an answer that fails is told by the health check");
  const wrong = health[2].replace("/health/ready", "/nowhere");
  assert.equal(inside(health[1], "-e", wrong).status, 1);
  run("crun", crun("kill", NAME, "TERM"));
  assert.equal((await running.exited)[0], 0);
  running = undefined;
  console.log("check: all is well");
} finally {
  running?.child.kill("SIGKILL");
  spawnSync("crun", crun("delete", "--force", NAME));
  rmSync(work, { recursive: true, force: true });
}
