import { bounded } from "../bounds.ts";
import { checkHttpBounds, checkTiming, readAddress, type CheckedTiming, type HttpBounds, type PollTiming } from "../http/index.ts";
import { createOutlet, type Outlet, type OutletOptions } from "../outlet.ts";
import { compilePath, type Path } from "../path.ts";
import { compileTemplate, type Template } from "../template.ts";

/** The address to poll, and the form of its updates. */
export interface PollOptions extends PollTiming, HttpBounds, OutletOptions {
  /** An http or https address. A name and password in it are sent as `Authorization: Basic`. */
  readonly url: string | URL;
  /** Further request headers, such as a key. They go to this origin alone. */
  readonly headers?: Readonly<Record<string, string>> | undefined;
  /** Interval between rounds, in milliseconds, 1,000 to 7 days. Default 10,000. */
  readonly intervalMs?: number | undefined;
  /**
   * The topic. With `items` it has names in braces. `{key}` is the item's key, others are paths
   * into the item (`/weather/{country}/{key}`). The values are percent-encoded.
   */
  readonly topic: string;
  /**
   * Format of the answer. `auto` (default) is JSON if the content type says so, or `items` or
   * `select` need JSON, and else text.
   */
  readonly format?: "auto" | "json" | "text" | undefined;
  /**
   * Place of the array or object of items: a JSON Pointer or a path with dots, or empty for the
   * whole. Default: the document is one update.
   */
  readonly items?: string | undefined;
  /**
   * Path to the key in each item of an array, where it is required. In an object, the property's
   * name is the default key.
   */
  readonly key?: string | undefined;
  /**
   * Path to the part that is compared and published, in each item or else in the document. Default:
   * all of it.
   */
  readonly select?: string | undefined;
  /** Most items in an answer. Default 10,000. An answer with more is a failure. */
  readonly maxItems?: number | undefined;
  /** Event type of the updates. Default: none. */
  readonly type?: string | undefined;
  /** Whether to publish `null` for an item that has disappeared. Default false. */
  readonly removed?: boolean | undefined;
  /** Event type of these `null` updates. Default: `type`. */
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

/** @throws TypeError with the option and its allowed values. */
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
