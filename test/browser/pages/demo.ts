import { onTestFinished } from "vitest";
import { start } from "../../cli/command.ts";

/** All pages of the demo, by their addresses. */
export const PAGES: readonly string[] = ["/", "/chat/lobby", "/stocks", "/news", "/console", "/docs/", "/nothing/here"];

/** The pages that have a stream. */
export const LIVE_PAGES: readonly string[] = ["/", "/chat/lobby", "/stocks", "/news", "/console"];

export const LANGUAGES = ["en-US", "zh-CN"] as const;

/** Starts the built demo, as `npm start` does. @returns Its origin. */
export async function startDemo(): Promise<string> {
  const run = start(["demo", "--port", "0"]);
  onTestFinished(async () => {
    run.child.kill();
    await run.exit;
  });
  const [, origin = ""] = await run.waitFor("stdout", /^listening on (http:\S+)$/m);
  return origin;
}
