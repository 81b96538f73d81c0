import { servePlan } from "./serve-plan.ts";
import { runWorker } from "./worker-program.ts";

// The program of a worker of `artesian serve`.
runWorker((plan, link) => servePlan(plan, { welcome: () => [] }, link));
