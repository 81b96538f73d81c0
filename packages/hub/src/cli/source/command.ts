import { Command } from "commander";
import { feedCommand } from "./feed.ts";
import { linesCommand } from "./lines.ts";
import { pollCommand } from "./poll.ts";
import { quotesCommand } from "./quotes.ts";

const EXAMPLES = `
Examples:
  artesian source poll --topic /status https://example.com/status.json
  artesian source feed https://example.com/feed.xml
  artesian source quotes simulated
  artesian source lines --topic /log app.log

artesian source <command> --help tells more about each.`;

/** `artesian source` turns existing data sources into updates. */
export function sourceCommand(): Command {
  const command = new Command("source").description("publish changes of other data sources").addHelpText("after", EXAMPLES);
  for (const source of [pollCommand(), feedCommand(), quotesCommand(), linesCommand()]) command.addCommand(source);
  return command;
}
