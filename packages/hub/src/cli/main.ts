#!/usr/bin/env node
import { descriptorLimit, LEAST_DESCRIPTORS } from "./descriptor-limit.ts";
import { EXIT } from "./errors.ts";
import { Failures } from "./failures.ts";
import { outliveHangUp } from "./signals.ts";
import { createOutput } from "./terminal.ts";

// The argument parser writes help and errors, and does not listen for a reader that has gone (`|
// head`).
let isTold = false;
for (const stream of [process.stdout, process.stderr]) {
  stream.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code === "EPIPE") return;
    process.exitCode = EXIT.failure;
    if (stream === process.stdout && !isTold) process.stderr.write(`error: The output cannot be written: ${error.message}\n`);
    isTold = true;
  });
}

const args = process.argv.slice(2);
// Before the imports of a server, which take most of a second.
if (args[0] === "serve") outliveHangUp();
const failures = new Failures(createOutput(process.stderr), args[0] === "serve");
const limit = descriptorLimit();
if (limit !== undefined && limit < LEAST_DESCRIPTORS) {
  await failures.tell(
    `A process may have ${limit} files open here, and artesian needs ${LEAST_DESCRIPTORS}; a server needs one more for each connection. ` +
      "Raise the limit by ulimit -n, or by LimitNOFILE= of systemd.",
  );
  process.exitCode = EXIT.failure;
} else {
  // The import comes after the check of descriptors. Without enough descriptors, the program's
  // files could not be opened.
  const { run } = await import("./program.ts");
  const exitCode = await run(args, failures);
  // An interrupted command has set the exit code already.
  process.exitCode ??= exitCode;
}
