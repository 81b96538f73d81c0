import type * as Sources from "../../sources/index.ts";
import type * as Run from "./run.ts";

/** What runs sources. Loaded when it is needed: parsers of feeds and tables would slow down every other command. */
export async function loaded(): Promise<typeof Sources & typeof Run> {
  const [sources, run] = await Promise.all([import("../../sources/index.ts"), import("./run.ts")]);
  return { ...sources, ...run };
}
