import { type AddFeeds, MAX_FEEDS } from "../../server/adding-feeds.ts";

/** Largest file, in bytes. */
const MAX_BYTES = 1_000_000;

/** The feeds of an OPML file. */
export interface OpmlFeeds {
  readonly feeds: AddFeeds["feeds"];
  /** How many feeds come after the most that one page can follow. */
  readonly leftOut: number;
}

/** Reads the feeds of an OPML file. There are none in any other file. */
export async function readOpml(file: File): Promise<OpmlFeeds | "too_large"> {
  if (file.size > MAX_BYTES) return "too_large";
  // As HTML, because many files are no strict XML. Attributes are in lower case then.
  const page = new DOMParser().parseFromString(await file.text(), "text/html");
  const feeds = [...page.querySelectorAll("outline")].map((outline) => ({
    url: outline.getAttribute("xmlurl") ?? "",
    title: outline.getAttribute("title") ?? outline.getAttribute("text") ?? undefined,
  }));
  const named = feeds.filter(({ url }) => url !== "");
  return { feeds: named.slice(0, MAX_FEEDS), leftOut: Math.max(0, named.length - MAX_FEEDS) };
}
