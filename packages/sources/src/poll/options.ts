import { bounded } from "../bounds.ts";
import { checkHttpBounds, checkTiming, readAddress, type CheckedTiming, type HttpBounds, type PollTiming } from "../http/index.ts";
import { createOutlet, type Outlet, type OutletOptions } from "../outlet.ts";
import { compilePath, type Path } from "../path.ts";
import { compileTemplate, type Template } from "../template.ts";

/** What to poll, and what to make of it. */
export interface PollOptions extends PollTiming, HttpBounds, OutletOptions {
  /** http or https; a name and password in it go as `Authorization: Basic`. */
  readonly url: string | URL;
  /** Further request headers, such as a key. They go to this origin alone. */
  readonly headers?: Readonly<Record<string, string>> | undefined;
  /** Time from one round to the next, in milliseconds: 1,000 to 7 days. Default 10,000. */
  readonly intervalMs?: number | undefined;
  /**
   * The topic. With `items` it has names in braces: `{key}` is the item's key, others are paths into the item
   * (`/weather/{country}/{key}`). The values come percent-encoded.
   */
  readonly topic: string;
  /**
   * What the answer is. `auto` (default): JSON when its content type says so, or when `items` or `select` need it; else text.
   */
  readonly format?: "auto" | "json" | "text" | undefined;
  /** Where the array or object of items is: a JSON Pointer or a path with dots; empty for the whole. Default: the document is one update. */
  readonly items?: string | undefined;
  /** Path to the key in each item of an array; needed there. Of an object, the property's name is the key without it. */
  readonly key?: string | undefined;
  /** Path to the part that is compared and published: of each item, or else of the document. Default: all of it. */
  readonly select?: string | undefined;
  /** Most items in an answer. Default 10,000. An answer with more is a failure. */
  readonly maxItems?: number | undefined;
  /** Event type of the updates. Default: none. */
  readonly type?: string | undefined;
  /** Publishes `null` for an item that is no longer there. Default false. */
  readonly removed?: boolean | undefined;
  /** Event type of those. Default: `type`. */
  readonly removedType?: string | undefined;
}

/** {@link PollOptions}, checked and compiled. */
export interface PollPlan {
  readonly options: PollOptions;
  readonly url: URL;
  readonly timing: CheckedTiming;
  readonly outlet: Outlet;
  readonly topic: Template;
  readonly items: Path | undefined;
  readonly key: Path | undefined;
  readonly select: Path | undefined;
  readonly maxItems: number;
}

/** @throws TypeError that names the option and what it may be. */
export function planOf(options: PollOptions): PollPlan {
  const { url } = readAddress(options.url);
  void new Headers(options.headers);
  checkHttpBounds(options);
  const topic = compileTemplate(options.topic);
  const perItem = options.items !== undefined;
  if (!perItem && topic.names.length > 0) {
    throw new TypeError(`topic: {${topic.names[0]}} needs \`items\`: without it there is one update, of the whole document.`);
  }
  if (perItem && topic.names.length === 0) {
    throw new TypeError(`topic: "${options.topic}" is the same for all items. Put the key into it, such as ${options.topic}/{key}`);
  }
  if (!perItem && (options.key !== undefined || options.removed === true)) {
    throw new TypeError("`key` and `removed` are about items: say by `items` where they are.");
  }
  const [field] = topic.names.filter((name) => name !== "key");
  if (options.removed === true && field !== undefined) {
    throw new TypeError(`topic: {${field}} is not known of an item that is gone. With \`removed\`, use {key} alone.`);
  }
  if (options.format === "text" && (perItem || options.select !== undefined)) {
    throw new TypeError("`items` and `select` need JSON, but `format` is text.");
  }
  return {
    options,
    url,
    timing: checkTiming(options, 10_000),
    outlet: createOutlet(options),
    topic,
    items: perItem ? compilePath(options.items ?? "") : undefined,
    key: options.key === undefined ? undefined : compilePath(options.key),
    select: options.select === undefined ? undefined : compilePath(options.select),
    maxItems: bounded("maxItems", options.maxItems, { fallback: 10_000, min: 1, max: 1_000_000 }),
  };
}
