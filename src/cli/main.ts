#!/usr/bin/env node
import { run } from "./program.ts";

const exitCode = await run(process.argv.slice(2));
// A command that was interrupted has said so already.
process.exitCode ??= exitCode;
