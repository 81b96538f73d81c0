import { bounded } from "../bounds.ts";
import { sleep } from "../http/index.ts";
import { createOutlet, type Outlet, type OutletOptions } from "../outlet.ts";
import { compilePath, type Path } from "../path.ts";
import { compileTemplate, type Template } from "../template.ts";

/** What to read, and what to make of it. */
export interface LinesOptions extends OutletOptions {
  /** The file to read. It need not be there yet. Either this or `stream`. */
  readonly file?: string | undefined;
  /** What to read instead, such as `process.stdin`. It ends the source when it ends. */
  readonly stream?: AsyncIterable<Uint8Array> | undefined;
  /**
   * Where a file begins that was not read before: at its end (default), so that only new lines count, or at its
   * beginning. A file that appears later is always read from its beginning.
   */
  readonly from?: "end" | "beginning" | undefined;
  /** Waits for more at the end of the file, through rotation and truncation. Default true. */
  readonly follow?: boolean | undefined;
  /** The topic. With `json`, it may have paths into the line in braces (`/log/{service}`), whose values come percent-encoded. */
  readonly topic?: string | undefined;
  /** `text` (default): a line is the data. `json`: a line is a JSON value; empty lines and what is not JSON are left out. */
  readonly format?: "text" | "json" | undefined;
  /** Path to the topic in a JSON line, instead of `topic`. */
  readonly topicField?: string | undefined;
  /** Path to the data in a JSON line: a text as it is, all else as JSON. Default: the whole line. */
  readonly dataField?: string | undefined;
  /** Event type of the updates. Default: none. */
  readonly type?: string | undefined;
  /** Path to the event type in a JSON line; `type` holds where a line has none. */
  readonly typeField?: string | undefined;
  /** Path to the event id in a JSON line. Default: the hub makes the ids. */
  readonly idField?: string | undefined;
  /** Longest line, in bytes without its end. Default 65,536. */
  readonly maxLineBytes?: number | undefined;
  /** What becomes of a longer line: its beginning (default), or nothing. Either way with a warning. JSON is always skipped. */
  readonly longLines?: "cut" | "skip" | undefined;
  /** How often a file is looked at, in milliseconds: 10 to 60,000. Default 100. */
  readonly checkMs?: number | undefined;
  /**
   * How long a file that was rotated away must have been quiet before the new one is read, in milliseconds: whoever
   * writes may have it open for a while yet. Default 1,000.
   */
  readonly rotationGraceMs?: number | undefined;
  /** Waits, for tests. Returns early, without an error, when the signal is aborted. */
  readonly sleep?: ((ms: number, signal: AbortSignal) => Promise<void>) | undefined;
}

/** {@link LinesOptions}, checked and compiled. */
export interface LinesPlan {
  readonly options: LinesOptions;
  readonly outlet: Outlet;
  readonly json: boolean;
  readonly topic: Template | undefined;
  /** The fields that the topic names. */
  readonly fields: ReadonlyMap<string, Path>;
  readonly topicField: Path | undefined;
  readonly dataField: Path | undefined;
  readonly typeField: Path | undefined;
  readonly idField: Path | undefined;
  readonly maxLineBytes: number;
  readonly checkMs: number;
  readonly rotationGraceMs: number;
  /** Warnings that are given once. */
  readonly told: Set<string>;
  readonly sleep: (ms: number, signal: AbortSignal) => Promise<void>;
}

/** @throws TypeError that names the option and what it may be. */
export function planOf(options: LinesOptions): LinesPlan {
  if ((options.file === undefined) === (options.stream === undefined)) throw new TypeError("Give either `file` or `stream`.");
  if ((options.topic === undefined) === (options.topicField === undefined)) {
    throw new TypeError("topic: say what the updates are about, either by `topic` or by `topicField`.");
  }
  const json = options.format === "json";
  const topic = options.topic === undefined ? undefined : compileTemplate(options.topic);
  const fields = ["topicField", "dataField", "typeField", "idField"] as const;
  const [field] = fields.filter((name) => options[name] !== undefined);
  if (!json && field !== undefined) throw new TypeError(`${field}: only a JSON line has fields. Set \`format\` to json.`);
  if (!json && topic !== undefined && topic.names.length > 0) {
    throw new TypeError(`topic: {${topic.names[0]}} is a field, which only a JSON line has. Set \`format\` to json.`);
  }
  const path = (name: (typeof fields)[number]): Path | undefined => {
    const text = options[name];
    return text === undefined ? undefined : compilePath(text);
  };
  return {
    options,
    outlet: createOutlet(options),
    json,
    topic,
    fields: new Map(topic?.names.map((name) => [name, compilePath(name)])),
    topicField: path("topicField"),
    dataField: path("dataField"),
    typeField: path("typeField"),
    idField: path("idField"),
    maxLineBytes: bounded("maxLineBytes", options.maxLineBytes, { fallback: 65_536, min: 1, max: 2 ** 28 }),
    checkMs: bounded("checkMs", options.checkMs, { fallback: 100, min: 10, max: 60_000 }),
    rotationGraceMs: bounded("rotationGraceMs", options.rotationGraceMs, { fallback: 1000, min: 0, max: 3_600_000 }),
    told: new Set(),
    sleep: options.sleep ?? sleep,
  };
}
