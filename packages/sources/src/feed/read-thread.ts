// The program of the thread that parses feeds, so that no document stops the event loop.
import { parentPort } from "node:worker_threads";
import { toEntries } from "./entries.ts";
import type { FeedEntry } from "./item.ts";
import { type FeedDocument, parseFeed, type ParseBounds } from "./parse.ts";

/** A document to parse, or the request for further entries of the last document. */
export type ThreadRequest = { readonly document: FeedDocument; readonly bounds: ParseBounds } | "more";

/** The answer to a request. */
export type ThreadAnswer = ParsedHead | { readonly entries: readonly FeedEntry[] } | { readonly failure: string };

/** The facts about a parsed feed. Its entries are asked for. */
export interface ParsedHead {
  readonly title: string | undefined;
  readonly link: string | undefined;
  readonly warnings: readonly string[];
  /** Number of entries. */
  readonly count: number;
}

/** Entries in one message. The event loop takes a message at a time, in about a millisecond. */
const ENTRIES_PER_MESSAGE = 250;

let left: readonly FeedEntry[] = [];

function answer(request: ThreadRequest): ThreadAnswer {
  if (request === "more") {
    const entries = left.slice(0, ENTRIES_PER_MESSAGE);
    left = left.slice(ENTRIES_PER_MESSAGE);
    return { entries };
  }
  try {
    const { title, link, items, warnings } = parseFeed(request.document, request.bounds);
    left = toEntries(items);
    return { title, link, warnings, count: left.length };
  } catch (error) {
    // Also a mistake of the parser, such as a stack that is too small for the document.
    return { failure: error instanceof Error ? error.message : String(error) };
  }
}

// oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread's port has no origin
parentPort?.on("message", (request: ThreadRequest) => parentPort?.postMessage(answer(request)));
