import type { AddFeeds } from "../../server/wire.ts";

/** Largest file, in bytes. */
const MAX_BYTES = 1_000_000;

/** Most feeds of a file. The server follows no more. */
const MAX_READ = 99;

/** Reads the feeds of an OPML file. Returns none for any other file. */
export async function readOpml(file: File): Promise<AddFeeds["feeds"]> {
  if (file.size > MAX_BYTES) return [];
  // As HTML, because many files are no strict XML. Attributes are in lower case then.
  const page = new DOMParser().parseFromString(await file.text(), "text/html");
  const feeds = [...page.querySelectorAll("outline")].map((outline) => ({
    url: outline.getAttribute("xmlurl") ?? "",
    title: outline.getAttribute("title") ?? outline.getAttribute("text") ?? undefined,
  }));
  return feeds.filter(({ url }) => url !== "").slice(0, MAX_READ);
}
