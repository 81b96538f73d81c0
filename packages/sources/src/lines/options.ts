import { bounded } from "../bounds.ts";
import { sleep } from "../http/index.ts";
import { createOutlet, type Outlet, type OutletOptions } from "../outlet.ts";
import { compilePath, type Path } from "../path.ts";
import { compileTemplate, type Template } from "../template.ts";

/** The input to read, and the form of its updates. */
export interface LinesOptions extends OutletOptions {
  /** The file to read, which may appear later. Give either this or `stream`. */
  readonly file?: string | undefined;
  /** A stream to read instead, such as `process.stdin`. The source ends with the stream. */
  readonly stream?: AsyncIterable<Uint8Array> | undefined;
  /**
   * Start in a file that was not read before: its end (default), so that only new lines count, or
   * its beginning. A file that appears later is always read from its beginning.
   */
  readonly from?: "end" | "beginning" | undefined;
  /**
   * Whether to wait for more at the end of the file, through rotation and truncation. Default true.
   */
  readonly follow?: boolean | undefined;
  /**
   * The topic. With `json`, it may have paths into the line in braces (`/log/{service}`). Their
   * values are percent-encoded.
   */
  readonly topic?: string | undefined;
  /**
   * `text` (default): a line is the data. `json`: a line is a JSON value. Empty lines and lines
   * that are not JSON are left out.
   */
  readonly format?: "text" | "json" | undefined;
  /** Path to the topic in a JSON line, instead of `topic`. */
  readonly topicField?: string | undefined;
  /**
   * Path to the data in a JSON line. Text is sent unchanged, any other value as JSON. Default: the
   * whole line.
   */
  readonly dataField?: string | undefined;
  /** Event type of the updates. Default: none. */
  readonly type?: string | undefined;
  /** Path to the event type in a JSON line. `type` is used for a line without it. */
  readonly typeField?: string | undefined;
  /** Path to the event id in a JSON line. Default: the hub makes the ids. */
  readonly idField?: string | undefined;
  /** Longest line, in bytes without its end. Default 65,536. */
  readonly maxLineBytes?: number | undefined;
  /**
   * Treatment of a longer line: publish its beginning (default), or skip it. Either way with a
   * warning. JSON is always skipped.
   */
  readonly longLines?: "cut" | "skip" | undefined;
  /** Interval of the checks of a file, in milliseconds, 10 to 60,000. Default 100. */
  readonly checkMs?: number | undefined;
  /**
   * How long a rotated file must have been quiet before the new file is read, in milliseconds. The
   * writer may keep the old file open for a while. Default 1,000.
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
  /** The fields in the topic. */
  readonly fields: ReadonlyMap<string, Path>;
  readonly topicField: Path | undefined;
  readonly dataField: Path | undefined;
  readonly typeField: Path | undefined;
  readonly idField: Path | undefined;
  readonly maxLineBytes: number;
  readonly checkMs: number;
  readonly rotationGraceMs: number;
  /** Warnings that were given. */
  readonly told: Set<string>;
  readonly sleep: (ms: number, signal: AbortSignal) => Promise<void>;
}

/** @throws TypeError with the option and its allowed values. */
export function planOf(options: LinesOptions): LinesPlan {
  if ((options.file === undefined) === (options.stream === undefined)) throw new TypeError("Give either `file` or `stream`.");
  if ((options.topic === undefined) === (options.topicField === undefined)) {
    throw new TypeError("topic: name the updates' topic, either by `topic` or by `topicField`.");
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
