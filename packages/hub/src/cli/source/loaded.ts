import type * as Sources from "artesian-sources";
import { Failure } from "../errors.ts";
import type * as Run from "./run.ts";

/**
 * Loads the sources' package when it is needed. Its parsers of feeds and tables would slow down
 * every other command.
 */
export async function loaded(): Promise<typeof Sources & typeof Run> {
  const sources = await import("artesian-sources").catch((error: unknown) => {
    if (!isMissing(error)) throw error;
    throw new Failure("The sources are a package of their own. Install it beside artesian:  npm install artesian-sources", {
      cause: error,
    });
  });
  return { ...sources, ...(await import("./run.ts")) };
}

/** Whether the package itself is missing, rather than a dependency of the package. */
function isMissing(error: unknown): boolean {
  return error instanceof Error && Reflect.get(error, "code") === "ERR_MODULE_NOT_FOUND" && error.message.includes("'artesian-sources'");
}
