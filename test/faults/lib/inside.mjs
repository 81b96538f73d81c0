// `NODE_OPTIONS=--import=…/inside.mjs` puts this into a server: at SIGUSR2 it writes down what only the process itself knows, after collecting garbage.
import { renameSync, writeFileSync } from "node:fs";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

const file = process.env.FAULTS_INSIDE;
setFlagsFromString("--expose-gc");
const collect = runInNewContext("gc");

let asked = 0;
process.on("SIGUSR2", () => {
  // What is finalised in one go is freed in the next.
  for (let i = 0; i < 3; i++) collect();
  const resources = {};
  for (const name of process.getActiveResourcesInfo()) resources[name] = (resources[name] ?? 0) + 1;
  const { heapUsed } = process.memoryUsage();
  // Under another name first: who reads it is to have all of it.
  writeFileSync(`${file}.new`, JSON.stringify({ asked: ++asked, resources, heapUsed }));
  renameSync(`${file}.new`, file);
});
