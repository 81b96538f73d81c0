import { Command, CommanderError } from "commander";
import { EXIT, Failure, UsageError } from "./errors.ts";
import { journalCommand } from "./journal/command.ts";
import { keysCommand } from "./keys/command.ts";
import { publishCommand } from "./publish/command.ts";
import { demoCommand, serveCommand } from "./serve/command.ts";
import { sourceCommand } from "./source/command.ts";
import { subscribeCommand } from "./subscribe/command.ts";
import { createOutput, style } from "./terminal.ts";
import { tokenCommand } from "./token/command.ts";
import { VERSION } from "./version.ts";

const EXAMPLES = `
Examples:
  artesian demo                                        the live apps, on http://127.0.0.1:3000
  artesian keys create && artesian serve               the hub alone, with a key of its own
  export ARTESIAN_TOKEN=$(artesian token mint --publish '*' --subscribe '*')
  artesian publish --topic greeting "Hello, world!"    publish an update
  artesian subscribe greeting                          print updates as they come
  artesian source feed https://example.com/feed.xml    publish what is new somewhere else

artesian <command> --help tells more about each.`;

/**
 * Runs the command line.
 *
 * @param args - The arguments, without the program's own name.
 * @returns The exit code; undefined leaves the one that the command has set.
 */
export async function run(args: readonly string[]): Promise<number | undefined> {
  const stderr = createOutput(process.stderr);
  const program = createProgram();
  try {
    await program.parseAsync(args, { from: "user" });
    return undefined;
  } catch (error) {
    // Commander has told already what is wrong, or printed the help or the version.
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.ok : EXIT.usage;
    if (error instanceof UsageError || error instanceof Failure) {
      for (const problem of error.message.split("\n")) await stderr.line([style("red", "error:"), ` ${problem}`]);
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
    demoCommand(),
    publishCommand(),
    subscribeCommand(),
    sourceCommand(),
    tokenCommand(),
    keysCommand(),
    journalCommand(),
  ]) {
    program.addCommand(command);
  }
  settle(program, "artesian");
  return program;
}

/** Gives a command and those below it what they do not inherit. */
function settle(command: Command, name: string): void {
  command
    // Errors come back as exceptions, for which the exit code is ours.
    .exitOverride()
    .helpOption("-h, --help", "print this help")
    .showHelpAfterError(`(${name} --help tells what is possible)`)
    .configureOutput({
      // A flag that is misspelt is repeated with its value, which may be a secret.
      outputError: (text, write) => write(text.replaceAll(/'(--?[\w-]+)=[^']*'/g, "'$1'")),
    });
  for (const child of command.commands) settle(child, `${name} ${child.name()}`);
}
