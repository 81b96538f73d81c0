import { resolve } from "node:path";
import type { Source } from "../source.ts";
import { FileFollower } from "./follow.ts";
import { planOf, type LinesOptions } from "./options.ts";
import { readStream } from "./stream.ts";

export type { LinesOptions } from "./options.ts";

/**
 * Publishes lines as they come, of a stream until it ends, or of a growing file through rotation
 * and truncation. The position in a file is remembered.
 *
 * @throws TypeError with the name of an invalid option.
 * @see docs/guides/sources.md
 */
export function linesSource(options: LinesOptions): Source {
  const plan = planOf(options);
  const { file, stream } = options;
  return {
    async run(context) {
      if (file !== undefined) await new FileFollower(plan, resolve(file), context).run();
      else if (stream !== undefined) await readStream(plan, stream, context);
    },
  };
}
