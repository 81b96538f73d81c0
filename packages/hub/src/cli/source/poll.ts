import { Command, Option } from "commander";
import type { Source } from "artesian-sources";
import { count } from "../config/values.ts";
import { httpChoice, valueOf, withCommon, withHttp, type CommonFlags, type HttpFlags } from "./flags.ts";
import { loaded } from "./loaded.ts";

const EXAMPLES = `
Examples:
  artesian source poll --topic /status https://example.com/status.json
  artesian source poll --topic /weather/{key} --items data.cities --key name --interval 1m https://example.com/weather
  artesian source poll --topic /rates/{key} --items rates --select value --removed https://example.com/rates
  artesian source poll --topic /motd --format text --header @key.txt https://example.com/motd --once --dry-run

The address is asked with ETag and Last-Modified, and only what has changed is published: the document, or with --items
each item by its key. JSON is compared by value, so neither the order of keys nor white space counts. What was published
is remembered, across restarts too. A failure is told, and tried again with growing pauses.`;

interface Flags extends CommonFlags, HttpFlags {
  readonly topic: string;
  readonly format?: "auto" | "json" | "text";
  readonly items?: string;
  readonly key?: string;
  readonly select?: string;
  readonly maxItems?: string;
  readonly removed?: boolean;
  readonly removedType?: string;
}

/** `artesian source poll` publishes changes at an HTTP address. */
export function pollCommand(): Command {
  const command = new Command("poll")
    .description("publish changes at an HTTP address")
    .argument("<address>", "http or https URL of JSON or text")
    .requiredOption("--topic <topic>", "topic, or with --items a template such as /weather/{key}")
    .addOption(new Option("--format <format>", "format of the answer (default: by its content type)").choices(["auto", "json", "text"]))
    .option("--items <path>", "place of the array or object of items: data.items, /data/items, or . for the whole")
    .option("--key <path>", "field that names an item (default in an object: the property's name)")
    .option("--select <path>", "part to compare and publish, of each item or of the document")
    .option("--max-items <number>", "most items in an answer (default: 10,000)")
    .option("--removed", "publish null for an item that has disappeared")
    .option("--removed-type <type>", "event type of these null updates");
  return withCommon(withHttp(command, "10s"))
    .addHelpText("after", EXAMPLES)
    .action(async (address: string, flags: Flags) => {
      const http = httpChoice(flags);
      const { topic, format, items, key, select, removed, removedType, type, once } = flags;
      const maxItems = valueOf("--max-items", flags.maxItems, count(1, 1_000_000));
      const { pollSource, runSource } = await loaded();
      const create = (): Source =>
        pollSource({
          ...http,
          url: address,
          topic,
          format,
          items,
          key,
          select,
          removed,
          removedType,
          maxItems,
          type,
          private: flags.private,
          once,
        });
      await runSource({ create, kind: "poll", subject: [address], topic }, flags);
    });
}
