#!/usr/bin/env node
import { EXIT } from "./errors.ts";
import { run } from "./program.ts";

// Help and errors are written by the argument parser, which does not listen for a reader that has gone, as with `| head`.
for (const stream of [process.stdout, process.stderr]) {
  stream.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code !== "EPIPE") process.exitCode = EXIT.failure;
  });
}

const exitCode = await run(process.argv.slice(2));
// A command that was interrupted has said so already.
process.exitCode ??= exitCode;
