/** A series of a scrape. */
export interface Series {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

/** What a scrape had. */
export interface Scrape {
  readonly series: readonly Series[];
  readonly types: ReadonlyMap<string, string>;
  readonly helps: ReadonlyMap<string, string>;
  /** The sum of all series of a name with these labels; undefined where there is none. */
  sum(name: string, labels?: Readonly<Record<string, string>>): number | undefined;
}

const NAME = "[a-zA-Z_:][a-zA-Z0-9_:]*";
const LABEL = /^([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\[\\"n])*)"/;
const VALUE = /^(?:[+-]?(?:\d+(?:\.\d+)?(?:e[+-]?\d+)?|Inf)|NaN)$/i;

/**
 * Reads the text format of Prometheus by the letter of its description, and refuses what that only recommends against.
 *
 * @throws Error that names the line.
 */
export function parsePrometheus(text: string): Scrape {
  if (!text.endsWith("\n")) throw new Error("The last line has no end.");
  const series: Series[] = [];
  const types = new Map<string, string>();
  const helps = new Map<string, string>();
  const seen = new Set<string>();
  let current = "";
  for (const line of text.slice(0, -1).split("\n")) {
    const fail = (why: string): never => {
      throw new Error(`${why}: ${line}`);
    };
    const help = new RegExp(`^# HELP (${NAME}) ((?:[^\\\\]|\\\\[\\\\n])+)$`, "s").exec(line);
    const type = new RegExp(`^# TYPE (${NAME}) (counter|gauge|histogram)$`).exec(line);
    if (help !== null) {
      const [, name = "", words = ""] = help;
      if (helps.has(name)) fail("A second HELP");
      helps.set(name, unescape(words));
      current = name;
    } else if (type !== null) {
      const [, name = "", kind = ""] = type;
      if (types.has(name) || name !== current) fail("A TYPE that does not follow its HELP");
      if ((kind === "counter") !== name.endsWith("_total")) fail("Counters end with _total, and nothing else does");
      types.set(name, kind);
    } else {
      const [, name = "", labelled = "", value = ""] =
        new RegExp(`^(${NAME})(?:\\{(.+)\\})? (\\S+)$`, "s").exec(line) ?? fail("Not a sample");
      const isOfCurrent =
        name === current ||
        (types.get(current) === "histogram" && /^_(?:bucket|sum|count)$/.test(name.slice(current.length)) && name.startsWith(current));
      if (!isOfCurrent || !types.has(current)) fail("A sample that is not of the TYPE above it");
      if (!VALUE.test(value)) fail("Not a value");
      const key = line.slice(0, line.lastIndexOf(" "));
      if (seen.has(key)) fail("A second sample of the same series");
      seen.add(key);
      series.push({ name, labels: readLabels(labelled, fail), value: Number(value.replace(/inf/i, "Infinity")) });
    }
  }
  return {
    series,
    types,
    helps,
    sum: (name, labels = {}) => {
      const found = series.filter(
        (one) => one.name === name && Object.entries(labels).every(([label, value]) => one.labels[label] === value),
      );
      return found.length === 0 ? undefined : found.reduce((sum, { value }) => sum + value, 0);
    },
  };
}

function readLabels(text: string, fail: (why: string) => never): Record<string, string> {
  const labels: Record<string, string> = {};
  for (let rest = text; rest !== "";) {
    const [pair, name = "", value = ""] = LABEL.exec(rest) ?? fail("Not a label");
    if (name in labels) fail("A label twice");
    labels[name] = unescape(value);
    rest = rest.slice(pair.length);
    if (rest === "") break;
    if (!rest.startsWith(",") || rest === ",") fail("Labels that are not apart");
    rest = rest.slice(1);
  }
  return labels;
}

function unescape(text: string): string {
  return text.replaceAll(/\\([\\"n])/g, (_, character: string) => (character === "n" ? "\n" : character));
}
