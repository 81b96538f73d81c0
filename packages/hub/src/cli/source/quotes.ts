import { resolve } from "node:path";
import { Command, Option } from "commander";
import type { QuoteFields, QuotesOptions } from "artesian-sources";
import { collect } from "../config/flags.ts";
import { count, duration } from "../config/values.ts";
import { UsageError } from "../errors.ts";
import { httpChoice, valueOf, withCommon, withHttp, type CommonFlags, type HttpFlags } from "./flags.ts";
import { loaded } from "./loaded.ts";

const EXAMPLES = `
Examples:
  artesian source quotes simulated --symbols 500 --rate 5000
  artesian source quotes prices.csv --field symbol=ticker --field price=close --speed 60
  artesian source quotes https://example.com/prices.json --items data --field price=last --interval 2s
  artesian source quotes https://example.com/prices.csv --format csv --delimiter ";" --once --dry-run

Each price goes to the topic of its symbol. An address is asked again and again, and what has changed is published; a CSV
file is replayed at the pace of its times; simulated makes prices up, and says so in each. --field says where in
a record what is: symbol, price, time, date, volume, change, changePercent, previousClose.`;

const FIELDS = ["symbol", "price", "time", "date", "volume", "change", "changePercent", "previousClose"] as const;

interface Flags extends CommonFlags, HttpFlags {
  readonly topic?: string;
  readonly field?: readonly string[];
  readonly negativePrices?: boolean;
  readonly format?: "json" | "csv";
  readonly items?: string;
  readonly delimiter?: string;
  readonly header?: readonly string[];
  readonly columns: boolean;
  readonly speed?: string;
  readonly loop?: boolean;
  readonly longestPause?: string;
  readonly maxRate?: string;
  readonly times?: "file" | "now";
  readonly symbols?: string;
  readonly rate?: string;
  readonly seed?: string;
  readonly session?: string;
  readonly maxSymbols?: string;
}

type Origin = QuotesOptions["from"];

/** Flags that apply to some origins alone. */
const ONLY_FOR: Readonly<Partial<Record<keyof Flags, readonly Origin[]>>> = {
  field: ["http", "file"],
  negativePrices: ["http", "file"],
  delimiter: ["http", "file"],
  format: ["http"],
  items: ["http"],
  interval: ["http"],
  header: ["http"],
  timeout: ["http"],
  maxBytes: ["http"],
  maxFresh: ["http"],
  once: ["http", "file"],
  speed: ["file"],
  loop: ["file"],
  longestPause: ["file"],
  maxRate: ["file"],
  times: ["file"],
  symbols: ["simulated"],
  rate: ["simulated"],
  seed: ["simulated"],
  session: ["simulated"],
};

/** `artesian source quotes` publishes prices. */
export function quotesCommand(): Command {
  const command = new Command("quotes")
    .description("publish prices of an address, a CSV file or a simulated market")
    .argument("<origin>", "http or https URL of JSON or CSV, a CSV file, or the word simulated")
    .option("--topic <topic>", "topic, with {symbol} (default: /quotes/{symbol})")
    .option("--max-symbols <number>", "most symbols (default: 10,000)")
    .addOption(new Option("--field <name=place>", "place of a value: a path in JSON, a column in CSV (repeatable)").argParser(collect))
    .option("--negative-prices", "accept prices below zero")
    .addOption(new Option("--format <format>", "format of an address's answer (default: detected)").choices(["json", "csv"]))
    .option("--items <path>", "place of the prices in JSON (default: the whole)")
    .option("--delimiter <character>", "separator of CSV columns (default: as in the first line)")
    .option("--no-columns", "CSV without a header line: columns are 1, 2, …")
    .option("--speed <factor>", "speed of a file's replay, or max (default: 1)")
    .option("--loop", "start a file over at its end")
    .option("--longest-pause <duration>", "longest pause between two prices of a file (longer pauses are cut)")
    .option("--max-rate <number>", "most prices of a file a second (default: 1,000; at full speed 100,000)")
    .addOption(new Option("--times <which>", "times of the prices of a file (default: file, with --loop now)").choices(["file", "now"]))
    .option("--symbols <number>", "simulated: how many symbols, or their names with commas between (default: 20)")
    .option("--rate <number>", "simulated: prices a second, of all symbols (default: 20)")
    .option("--seed <number>", "simulated: the same seed gives the same prices (default: 1)")
    .option("--session <duration>", "simulated: length of a trading day (default: 30m)");
  return withCommon(withHttp(command, "5s"))
    .addHelpText("after", EXAMPLES)
    .action(async (origin: string, flags: Flags) => {
      const from: Origin = origin === "simulated" ? "simulated" : /^https?:/i.test(origin) ? "http" : "file";
      const options = optionsOf(from, origin, flags);
      const subject = [from === "file" ? resolve(origin) : origin];
      const { quotesSource, runSource } = await loaded();
      await runSource({ create: () => quotesSource(options), kind: "quotes", subject, topic: flags.topic }, flags);
    });
}

function optionsOf(from: Origin, origin: string, flags: Flags): QuotesOptions {
  for (const [name, origins] of Object.entries(ONLY_FOR)) {
    if (Reflect.get(flags, name) === undefined || origins.includes(from)) continue;
    const flag = name.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
    throw new UsageError(`--${flag}: this means nothing for ${WHAT[from]}. Leave it out.`);
  }
  const { topic, type } = flags;
  const common = { topic, type, private: flags.private, maxSymbols: valueOf("--max-symbols", flags.maxSymbols, count(1, 10_000)) };
  const { delimiter, negativePrices } = flags;
  const records = { ...common, delimiter, negativePrices, header: flags.columns, fields: fieldsOf(flags.field ?? []) };
  if (from === "http") {
    return { ...records, from, url: origin, ...httpChoice(flags), format: flags.format, items: flags.items, once: flags.once };
  }
  if (from === "file") {
    const longestPauseMs = valueOf("--longest-pause", flags.longestPause, duration(0, 86_400_000));
    const speed = flags.speed === "max" ? flags.speed : numberOf("--speed", flags.speed);
    // One round of a file is its whole content.
    const loop = flags.once === true ? false : flags.loop;
    const maxPerSecond = numberOf("--max-rate", flags.maxRate);
    return { ...records, from, path: origin, speed, loop, longestPauseMs, maxPerSecond, times: flags.times };
  }
  return {
    ...common,
    from,
    symbols: flags.symbols === undefined || /^\d+$/.test(flags.symbols) ? numberOf("--symbols", flags.symbols) : flags.symbols.split(","),
    ticksPerSecond: numberOf("--rate", flags.rate),
    seed: numberOf("--seed", flags.seed),
    sessionMs: valueOf("--session", flags.session, duration(10_000, 86_400_000)),
  };
}

const WHAT: Readonly<Record<Origin, string>> = { http: "an address", file: "a file", simulated: "a simulated market" };

function numberOf(flag: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  if (!/^\d+(?:\.\d+)?$/.test(text)) throw new UsageError(`${flag}: "${text}" is not a number.`);
  return Number(text);
}

function fieldsOf(given: readonly string[]): QuoteFields {
  return Object.fromEntries(
    given.map((text) => {
      const [, name, place = ""] = /^(\w+)=(.*)$/s.exec(text) ?? [];
      const field = FIELDS.find((known) => known === name);
      if (field === undefined) throw new UsageError(`--field: "${text}" is not NAME=PLACE with a name out of ${FIELDS.join(", ")}.`);
      return [field, place];
    }),
  );
}
