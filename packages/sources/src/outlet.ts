import { HubError } from "artesian";
import { DEFAULT_LIMITS } from "artesian";
import { validateUpdate, type TextUpdate } from "artesian/parts";
import { bounded } from "./bounds.ts";
import { MAX_BATCH, type SourceContext } from "./source.ts";

/** Options of every source. */
export interface OutletOptions {
  /**
   * Largest data of one update, in bytes of UTF-8. Larger data is left out with a warning. Default
   * 512 KiB, because a hub takes requests of 1 MiB by default.
   */
  readonly maxDataBytes?: number | undefined;
  /** Whether only subscribers with a grant receive the updates. Default false. */
  readonly private?: boolean | undefined;
}

/** The output of a source's updates. */
export interface Outlet {
  /**
   * Publishes in batches, in order, and reports. An update that no hub would take is left out with
   * a warning, because a stranger's document must not stop a source.
   */
  publish(context: SourceContext, updates: readonly TextUpdate[]): Promise<void>;
}

/** Paths that only a hub may publish to. A hub on another path refuses its own path by itself. */
const RESERVED = /^\/(?:\.well-known\/mercure|events\/stream)(?:\/|$)/;

/** @throws TypeError for a bound out of range. */
export function createOutlet(options: OutletOptions): Outlet {
  const maxDataBytes = bounded("maxDataBytes", options.maxDataBytes, { fallback: 512 * 1024, min: 1, max: 2 ** 29 });
  return {
    async publish(context, updates) {
      const good: TextUpdate[] = [];
      let refused = 0;
      let why = "";
      for (const update of updates) {
        const reason = refusalOf(update, maxDataBytes);
        if (reason === undefined) {
          good.push(options.private === true ? { ...update, private: true } : update);
        } else {
          refused += 1;
          why ||= reason;
        }
      }
      if (refused > 0) context.report({ kind: "warning", message: `${refused} of ${updates.length} updates were left out. ${why}` });
      for (let start = 0; start < good.length; start += MAX_BATCH) {
        const batch = good.slice(start, start + MAX_BATCH);
        await context.publish(batch);
        context.report({ kind: "published", updates: batch.length });
      }
    },
  };
}

function refusalOf(update: TextUpdate, maxDataBytes: number): string | undefined {
  if (Buffer.byteLength(update.data ?? "") > maxDataBytes) return `The data is larger than ${maxDataBytes} bytes (maxDataBytes).`;
  try {
    validateUpdate(update, DEFAULT_LIMITS, isReserved);
    return undefined;
  } catch (error) {
    if (error instanceof HubError) return error.message;
    throw error;
  }
}

function isReserved(topic: string): boolean {
  return URL.canParse(topic, "http://hub") && RESERVED.test(decodedPath(new URL(topic, "http://hub").pathname));
}

function decodedPath(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch {
    // Not percent-encoded text, so no spelling of a plain path either.
    return path;
  }
}
