#!/usr/bin/env node
import { createOutput, Failures, run } from "artesian/command";
import { demoCommand } from "./command.ts";

// Help and errors are written by the argument parser, which does not listen for a reader that has gone, as with `| head`.
for (const stream of [process.stdout, process.stderr]) {
  stream.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code !== "EPIPE") process.exitCode = 1;
  });
}

const exitCode = await run(process.argv.slice(2), new Failures(createOutput(process.stderr), true), demoCommand());
// A command that was interrupted has said so already.
process.exitCode ??= exitCode;
