import { Command, CommanderError } from "commander";
import { configCommand } from "./config/command.ts";
import { doctorCommand } from "./doctor/command.ts";
import { unknownVariables } from "./config/variables.ts";
import { EXIT, Failure, UsageError } from "./errors.ts";
import type { Failures } from "./failures.ts";
import { journalCommand } from "./journal/command.ts";
import { keysCommand } from "./keys/command.ts";
import { publishCommand } from "./publish/command.ts";
import { serveCommand } from "./serve/command.ts";
import { sourceCommand } from "./source/command.ts";
import { subscribeCommand } from "./subscribe/command.ts";
import { createOutput, style } from "./terminal.ts";
import { tokenCommand } from "./token/command.ts";
import { VERSION } from "./version.ts";

const EXAMPLES = `
Examples:
  artesian keys create && artesian serve               the hub alone, with a key of its own
  export ARTESIAN_TOKEN=$(artesian token mint --publish '*' --subscribe '*')
  artesian publish --topic greeting "Hello, world!"    publish an update
  artesian subscribe greeting                          print updates as they come
  artesian source feed https://example.com/feed.xml    publish what is new somewhere else

artesian <command> --help tells more about each.`;

/**
 * Runs the command line.
 *
 * @param args - The arguments, without the program's name.
 * @param failures - Reports why a command failed.
 * @param program - A program other than `artesian`, such as the demo.
 * @returns The exit code. Undefined keeps the code that the command has set.
 */
export async function run(args: readonly string[], failures: Failures, program: Command = createProgram()): Promise<number | undefined> {
  settle(program, program.name(), failures);
  // A server writes these warnings to its log.
  if (!failures.areOfServer) program.hook("preAction", warnOfVariables);
  try {
    await program.parseAsync(args, { from: "user" });
    return undefined;
  } catch (error) {
    if (error instanceof CommanderError) {
      // Commander has printed the help, the version or the error.
      if (error.exitCode === 0) return EXIT.ok;
      if (failures.areLogged) await failures.tell(plain(error.message));
      return EXIT.usage;
    }
    if (error instanceof UsageError || error instanceof Failure) {
      for (const problem of error.message.split("\n")) await failures.tell(problem);
      return error instanceof UsageError ? EXIT.usage : EXIT.failure;
    }
    throw error;
  }
}

function createProgram(): Command {
  const program = new Command("artesian")
    .description("Push live data to browsers over Server-Sent Events.")
    .version(VERSION, "--version", "print the version")
    .helpOption("-h, --help", "print this help")
    .addHelpText("after", EXAMPLES);
  for (const command of [
    serveCommand(),
    publishCommand(),
    subscribeCommand(),
    sourceCommand(),
    tokenCommand(),
    keysCommand(),
    configCommand(),
    journalCommand(),
    doctorCommand(),
  ]) {
    program.addCommand(command);
  }
  return program;
}

/**
 * Warns of variables without effect, because such a variable may explain a command's unexpected
 * behaviour.
 */
async function warnOfVariables(_program: Command, command: Command): Promise<void> {
  // The check tells them among its own findings.
  if (command.name() === "check") return;
  const stderr = createOutput(process.stderr);
  for (const { text } of unknownVariables(process.env)) await stderr.line([style("yellow", "warning:"), ` ${text}`]);
}

/** Applies the settings that subcommands do not inherit. */
function settle(command: Command, name: string, failures: Failures): void {
  if (failures.areLogged) command.configureOutput({ writeErr: () => undefined });
  command
    // Errors come back as exceptions, for which we choose the exit code.
    .exitOverride()
    .helpOption("-h, --help", "print this help")
    .showHelpAfterError(`(${name} --help lists the flags)`)
    .configureOutput({
      outputError: (text, write) => write(withoutValues(text)),
    });
  for (const child of command.commands) settle(child, `${name} ${child.name()}`, failures);
}

/** Removes the value from Commander's message about a misspelt flag. The value may be a secret. */
function withoutValues(message: string): string {
  return message.replaceAll(/'(--?[\w-]+)=[^']*'/g, "'$1'");
}

/** Commander's error, in one line. */
function plain(message: string): string {
  const text = withoutValues(message).replace(/^error: /, "");
  return text.replaceAll("\n", " ");
}
