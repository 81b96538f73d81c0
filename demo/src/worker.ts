import { runServer, runWorker } from "artesian/command";
import { runOptionsOf } from "./run-options.ts";

// The program of the demo's worker.
runWorker((plan, link) => runServer({ ...runOptionsOf(plan, link), welcome: () => [] }));
