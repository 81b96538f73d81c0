import { Command, Option } from "commander";
import type { ZodType } from "zod";
import { collect } from "../config/flags.ts";
import { MAX_INTERVAL_MS, MIN_INTERVAL_MS } from "../../core/matching/pace.ts";
import { count, duration } from "../config/values.ts";
import { UsageError } from "../errors.ts";
import { bearerHeaders, tokenOption } from "../token.ts";
import { hubUrl, urlOption } from "../url.ts";
import { follow } from "./follow.ts";

const EXAMPLES = `
Examples:
  artesian subscribe                                 every update of the hub
  artesian subscribe greeting news                   two topics
  artesian subscribe --urlpattern "/books/:id"       all topics that the URL pattern selects
  artesian subscribe log --earliest --count 10       the ten oldest updates that the hub keeps
  artesian subscribe --urlpattern "/quotes/:symbol" --latest --last 1000 --interval 1s
  artesian subscribe --json | jq .data

The standard output gets the data of each update. With --json, it gets one object {"id","type","data"} a line.
A lost connection is restored without loss. The standard error gets the state of the connection and a warning of each
gap, which means updates that the hub no longer keeps. At the end it gets the last event id. Pass that id to
--last-event-id to continue.`;

/** Flags of `subscribe`. */
interface Flags {
  readonly urlpattern?: readonly string[];
  readonly lastEventId?: string;
  readonly earliest?: boolean;
  readonly last?: string;
  readonly latest?: boolean;
  readonly interval?: string;
  readonly url?: string;
  readonly token?: string;
  readonly json?: boolean;
  readonly count?: string;
}

/** `artesian subscribe` prints updates as they come. */
export function subscribeCommand(): Command {
  return new Command("subscribe")
    .description("print updates as they are published")
    .argument("[topics...]", "topics to receive; default: every topic, unless --urlpattern is given")
    .addOption(new Option("--urlpattern <pattern>", "URL pattern that selects topics; repeatable").argParser(collect))
    .option("--last-event-id <id>", "continue after this event")
    .addOption(new Option("--earliest", "start with the oldest update that the hub keeps").conflicts("lastEventId"))
    .option("--last <number>", "begin with this many of the newest updates of each matcher; with --latest, of this many topics")
    .option("--latest", "only the newest update of each topic")
    .option("--interval <duration>", "receive at most once in this time; updates in between come together")
    .addOption(urlOption())
    .addOption(tokenOption())
    .option("--json", "print each update as a JSON object")
    .option("--count <number>", "end after this many updates")
    .addHelpText("after", EXAMPLES)
    .action(run);
}

async function run(topics: readonly string[], flags: Flags): Promise<void> {
  const patterns = flags.urlpattern ?? [];
  const limit = flags.count === undefined ? undefined : valueOf("--count", count(1, Number.MAX_SAFE_INTEGER), flags.count);
  const url = hubUrl(flags.url, process.env);
  if (flags.last !== undefined) url.searchParams.set("last", String(valueOf("--last", count(1, 10_000), flags.last)));
  if (flags.latest === true) url.searchParams.set("latest", "on");
  if (flags.interval !== undefined) {
    url.searchParams.set("interval", String(valueOf("--interval", duration(MIN_INTERVAL_MS, MAX_INTERVAL_MS), flags.interval)));
  }
  const chosen = topics.length > 0 || patterns.length > 0 || [...url.searchParams.keys()].some((name) => /^match/i.test(name));
  await follow({
    url,
    headers: bearerHeaders(flags.token, process.env),
    match: chosen ? topics : ["*"],
    matchUrlPattern: patterns,
    lastEventId: flags.earliest === true ? "earliest" : flags.lastEventId,
    json: flags.json === true,
    limit,
  });
}

function valueOf(flag: string, schema: ZodType<number>, text: string): number {
  const result = schema.safeParse(text);
  if (result.success) return result.data;
  throw new UsageError(`${flag}: ${result.error.issues[0]?.message ?? "is not valid"}`);
}
