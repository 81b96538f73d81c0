import { Command, Option } from "commander";
import type { UpdateInput } from "artesian-client";
import { EVENT_SOURCE_TYPES, MAX_DELAY_MS } from "../../core/update/update.ts";
import { collect } from "../config/flags.ts";
import { duration } from "../config/values.ts";
import { EXIT, UsageError } from "../errors.ts";
import { onStop } from "../signals.ts";
import { createOutput } from "../terminal.ts";
import { bearerHeaders, tokenOption } from "../token.ts";
import { hubUrl, urlOption } from "../url.ts";
import { warnOfIds } from "./id-warning.ts";
import { fromNdjson, type Convert } from "./items.ts";
import { publishInput } from "./input.ts";
import { publishOne } from "./one.ts";

const EXAMPLES = `
Examples:
  artesian publish --topic greeting "Hello, world!"
  artesian publish --topic greeting --type note --data '{"text":"Hello"}'
  tail -F app.log | artesian publish --topic log           a line an update
  artesian publish --ndjson < updates.ndjson               a whole update a line: {"topic":"a","data":"b"}
  artesian publish --topic reminder --delay 20m "Tea is ready"
  seq 1000000 | artesian publish --topic numbers --print-ids > ids.txt

Without data, lines are read from the standard input (- reads them from a terminal too) and sent in order, in batches that
the hub takes whole or not at all. A failure that may pass is tried again; if an answer was lost on the way, the hub knows
the batch by its idempotency key, and publishes it once.

Exit code: 0 when everything was acknowledged, 1 when something was not, 2 for a wrong call, 130 when interrupted.`;

/** Flags of `publish`. */
interface Flags {
  readonly topic?: readonly string[];
  readonly data?: string;
  readonly type?: string;
  readonly id?: string;
  readonly idempotencyKey?: string;
  readonly retry?: string;
  readonly private?: boolean;
  readonly delay?: string;
  readonly deliverAt?: string;
  readonly ttl?: string;
  readonly ndjson?: boolean;
  readonly url?: string;
  readonly token?: string;
  readonly giveUpAfter: string;
  readonly printIds?: boolean;
  readonly json?: boolean;
}

/** `artesian publish` publishes one update, or a stream of updates from the standard input. */
export function publishCommand(): Command {
  return new Command("publish")
    .description("publish one update, or one for each line of the standard input")
    .argument("[data]", "content of the update (-: read lines from the standard input)")
    .addOption(new Option("--topic <topic>", "topic (repeat the flag to add alternate topics)").argParser(collect))
    .option("--data <data>", "content of the update, like the argument")
    .option("--type <type>", "event type")
    .option("--id <id>", "event id, for one update, preferably ASCII (default: made by the hub)")
    .option("--idempotency-key <key>", "publish once for all runs with the same key (default: a new key for each run)")
    .option("--retry <duration>", "tell subscribers to reconnect after this long")
    .option("--private", "only for subscribers with a grant on the topic")
    .option("--delay <duration>", "deliver the update this much later, up to a year")
    .addOption(new Option("--deliver-at <time>", "deliver the update at this time, such as 2030-01-31T09:30:00Z").conflicts("delay"))
    .option("--ttl <duration>", "neither deliver nor replay the update after this long")
    .addOption(
      new Option("--ndjson", "each line of the standard input is a whole update in JSON").conflicts([
        "topic",
        "data",
        "type",
        "id",
        "retry",
        "private",
        "delay",
        "deliverAt",
        "ttl",
      ]),
    )
    .addOption(urlOption())
    .addOption(tokenOption())
    .option("--give-up-after <duration>", "retry for this long if the hub is unreachable or busy", "30s")
    .option("--print-ids", "print the event id of every update from the standard input")
    .option("--json", "print results as JSON")
    .addHelpText("after", EXAMPLES)
    .action(run);
}

async function run(argument: string | undefined, flags: Flags): Promise<void> {
  if (argument !== undefined && flags.data !== undefined)
    throw new UsageError("--data: the data was given twice, as an argument and by --data. Give it once.");
  const url = hubUrl(flags.url, process.env);
  const headers = bearerHeaders(flags.token, process.env);
  const giveUpAfterMs = valueOf("--give-up-after", flags.giveUpAfter);
  const retry = flags.retry === undefined ? undefined : valueOf("--retry", flags.retry);
  const data = flags.data ?? (argument === "-" ? undefined : argument);
  if (flags.ndjson === true && data !== undefined)
    throw new UsageError("--ndjson: the updates come from the standard input. Leave the data out.");
  if (flags.ndjson !== true && flags.topic === undefined)
    throw new UsageError("--topic: name the update's topic, such as --topic greeting.");
  if (data === undefined && argument !== "-" && process.stdin.isTTY) {
    throw new UsageError(
      'There is no data. Give it as an argument (--data "" for none), pipe lines into the command, or write - to type them.',
    );
  }
  if (flags.idempotencyKey !== undefined && !/^[\x20-\x7E]+$/.test(flags.idempotencyKey))
    throw new UsageError("--idempotency-key: a key is printable ASCII, such as a UUID.");
  const stop = new AbortController();
  const release = onStop(() => {
    stop.abort();
    process.exitCode = EXIT.interrupted;
  });
  const common: Omit<UpdateInput, "data" | "id"> = {
    topic: flags.topic ?? [],
    type: flags.type,
    retry,
    private: flags.private,
    delayMs: flags.delay === undefined ? undefined : valueOf("--delay", flags.delay, MAX_DELAY_MS),
    deliverAt: flags.deliverAt === undefined ? undefined : timeOf(flags.deliverAt),
    ttlMs: flags.ttl === undefined ? undefined : valueOf("--ttl", flags.ttl, MAX_DELAY_MS),
  };
  const to = {
    url,
    headers,
    giveUpAfterMs,
    signal: stop.signal,
    stdout: createOutput(process.stdout),
    stderr: createOutput(process.stderr),
    json: flags.json === true,
  };
  const checkId = warnOfIds(to.stderr);
  try {
    if (flags.type !== undefined && EVENT_SOURCE_TYPES.includes(flags.type))
      await to.stderr.line(`--type ${flags.type}: EventSource has an event of this name of its own, whose listeners get the update too.`);
    if (data !== undefined) {
      checkId(flags.id);
      await publishOne({ ...common, data, id: flags.id }, { ...to, idempotencyKey: flags.idempotencyKey });
    } else {
      if (flags.id !== undefined)
        throw new UsageError("--id: one id cannot name many lines. Leave it out, or use --ndjson with an id in each update.");
      if (flags.idempotencyKey !== undefined)
        throw new UsageError("--idempotency-key: one key is for one update. Leave it out: each batch of lines has its own.");
      const read: Convert = (line) => {
        const update = fromNdjson(line);
        checkId(update?.id);
        return update;
      };
      const convert: Convert = flags.ndjson === true ? read : ({ text }) => ({ ...common, data: text });
      await publishInput({ ...to, input: process.stdin, convert, printIds: flags.printIds === true });
    }
  } finally {
    release();
    // After an interrupt, an open input would keep the process alive.
    if (stop.signal.aborted) process.stdin.destroy();
  }
}

function timeOf(text: string): Date {
  const time = new Date(text);
  if (!Number.isNaN(time.getTime()) && /(?:Z|[+-]\d\d:\d\d)$/i.test(text)) return time;
  throw new UsageError(`--deliver-at: "${text}" is not a time with its zone, such as 2030-01-31T09:30:00Z.`);
}

function valueOf(flag: string, text: string, maxMs = 86_400_000): number {
  const result = duration(0, maxMs).safeParse(text);
  if (result.success) return result.data;
  throw new UsageError(`${flag}: ${result.error.issues[0]?.message ?? "is not a duration"}`);
}
