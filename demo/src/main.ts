#!/usr/bin/env node
import { createOutput, Failures, run } from "artesian/command";
import { demoCommand } from "./command.ts";

// The argument parser writes help and errors, and does not listen for a reader that has gone (`|
// head`).
for (const stream of [process.stdout, process.stderr]) {
  stream.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code !== "EPIPE") process.exitCode = 1;
  });
}

const exitCode = await run(process.argv.slice(2), new Failures(createOutput(process.stderr), true), demoCommand());
// An interrupted command has set the exit code already.
process.exitCode ??= exitCode;
