import { Command } from "commander";
import type { FeedAddress, Source } from "artesian-sources";
import { count, duration, size } from "../config/values.ts";
import { httpChoice, valueOf, withCommon, withHttp, type CommonFlags, type HttpFlags } from "./flags.ts";
import { loaded } from "./loaded.ts";

const EXAMPLES = `
Examples:
  artesian source feed https://example.com/feed.xml
  artesian source feed world=https://example.com/world.rss science=https://example.org/atom.xml --interval 10m
  artesian source feed --topic /news/{feed}/{item} --updates https://example.com/feed.json
  artesian source feed --once --dry-run https://example.com/feed.xml

RSS, RDF, Atom and JSON feeds. Each new item is published once, the oldest first, also across restarts. The topic has
{feed}, the feed's name (its host unless NAME= stands before the address), and {item}, which names the item.`;

interface Flags extends CommonFlags, HttpFlags {
  readonly topic?: string;
  readonly first?: string;
  readonly updates?: boolean;
  readonly maxItems?: string;
  readonly summaryLength?: string;
  readonly parseTimeout?: string;
  readonly maxParseBytes?: string;
}

/** `artesian source feed` publishes new items of feeds. */
export function feedCommand(): Command {
  const command = new Command("feed")
    .description("publish new items of RSS, Atom and JSON feeds")
    .argument("<addresses...>", "http or https URLs, each as URL or NAME=URL")
    .option("--topic <topic>", "topic, such as /news/{feed} (the default) or /news/{feed}/{item}")
    .option("--first <number>", "how many of a new feed's newest items to publish (default: 20)")
    .option("--updates", "publish an item again when its title, link or summary has changed")
    .option("--max-items <number>", "most items of one feed (default: 10,000)")
    .option("--summary-length <number>", "longest summary, in characters (default: 300)")
    .option("--parse-timeout <duration>", "longest time to parse an answer (default: 10s)")
    .option("--max-parse-bytes <size>", "memory of the thread that parses (default: 256MiB)");
  return withCommon(withHttp(command, "5m"))
    .addHelpText("after", EXAMPLES)
    .action(async (addresses: readonly string[], flags: Flags) => {
      const http = httpChoice(flags);
      const { topic, updates, type, once } = flags;
      const bounds = {
        first: valueOf("--first", flags.first, count(0, 10_000)),
        maxItems: valueOf("--max-items", flags.maxItems, count(1, 100_000)),
        summaryLength: valueOf("--summary-length", flags.summaryLength, count(0, 10_000)),
        parseTimeoutMs: valueOf("--parse-timeout", flags.parseTimeout, duration(10, 3_600_000)),
        maxParseBytes: valueOf("--max-parse-bytes", flags.maxParseBytes, size(2 ** 24, 2 ** 34)),
      };
      const feeds = addresses.map(feedAddress);
      const { feedSource, runSource } = await loaded();
      const create = (): Source => feedSource({ ...http, ...bounds, feeds, topic, updates, type, private: flags.private, once });
      await runSource({ create, kind: "feed", subject: addresses.toSorted(), topic }, flags);
    });
}

function feedAddress(text: string): FeedAddress {
  const [, name, url] = /^([^=:/?#]+)=(.*)$/s.exec(text) ?? [];
  return name === undefined || url === undefined ? { url: text } : { url, name };
}
