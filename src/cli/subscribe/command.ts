import { Command, Option } from "commander";
import { collect } from "../config/flags.ts";
import { count } from "../config/values.ts";
import { UsageError } from "../errors.ts";
import { bearerHeaders, tokenOption } from "../token.ts";
import { hubUrl, urlOption } from "../url.ts";
import { follow } from "./follow.ts";

const EXAMPLES = `
Examples:
  artesian subscribe                                 every update of the hub
  artesian subscribe greeting news                   two topics
  artesian subscribe --urlpattern "/books/:id"       all topics that the URL pattern selects
  artesian subscribe log --earliest --count 10       the first ten that are held
  artesian subscribe --json | jq .data

The data of each update is printed on the standard output; --json prints {"id","type","data"}, an object a line. The
connection is restored by itself without loss. What happens to it is told on the standard error, as is a gap: updates
that are no longer held. When it ends it tells the last event id, for --last-event-id to go on from.`;

/** What the flags of `subscribe` give. */
interface Flags {
  readonly urlpattern?: readonly string[];
  readonly lastEventId?: string;
  readonly earliest?: boolean;
  readonly url?: string;
  readonly token?: string;
  readonly json?: boolean;
  readonly count?: string;
}

/** `artesian subscribe`: prints updates as they come. */
export function subscribeCommand(): Command {
  return new Command("subscribe")
    .description("print updates as they are published")
    .argument("[topics...]", "topics to receive; without any, and without --urlpattern, every topic")
    .addOption(new Option("--urlpattern <pattern>", "URL pattern that selects topics; repeatable").argParser(collect))
    .option("--last-event-id <id>", "go on after this event")
    .addOption(new Option("--earliest", "start with the oldest update that is held").conflicts("lastEventId"))
    .addOption(urlOption())
    .addOption(tokenOption())
    .option("--json", "print each update as a JSON object")
    .option("--count <number>", "end after this many updates")
    .addHelpText("after", EXAMPLES)
    .action(run);
}

async function run(topics: readonly string[], flags: Flags): Promise<void> {
  const patterns = flags.urlpattern ?? [];
  const limit = flags.count === undefined ? undefined : count(1, Number.MAX_SAFE_INTEGER).safeParse(flags.count);
  if (limit?.success === false) throw new UsageError(`--count: ${limit.error.issues[0]?.message ?? "is not a number"}`);
  const url = hubUrl(flags.url, process.env);
  const chosen = topics.length > 0 || patterns.length > 0 || [...url.searchParams.keys()].some((name) => /^match/i.test(name));
  await follow({
    url,
    headers: bearerHeaders(flags.token, process.env),
    match: chosen ? topics : ["*"],
    matchUrlPattern: patterns,
    lastEventId: flags.earliest === true ? "earliest" : flags.lastEventId,
    json: flags.json === true,
    limit: limit?.data,
  });
}
