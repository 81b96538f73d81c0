import type { Plan } from "./plan.ts";
import { runServer, type RunOptions, type WorkerLink } from "./run.ts";
import { createServeSite, SERVE_TOPICS } from "./serve-site.ts";

/**
 * Runs the hub, its page and the console in this process, until the process is told to stop.
 *
 * @param link - The link to the primary, if this is one of several processes.
 * @throws Failure when the server can't be started.
 */
export async function servePlan(plan: Plan, options: Pick<RunOptions, "welcome" | "reread">, link?: WorkerLink): Promise<void> {
  await runServer({
    ...plan,
    link,
    ...options,
    reservedTopics: SERVE_TOPICS,
    createSite: (options) => createServeSite(options, plan),
  });
}
