import { SAMPLE_ITEM_PATH, type SampleFeed, type SampleItem } from "./sample.ts";

/** A document as it is served. */
export interface SampleDocument {
  readonly contentType: string;
  readonly body: string;
}

const NOTE = "Invented headlines for trying things out. Nothing in them has happened.";

/**
 * Writes a sample feed in the format of its path: RSS 2.0, Atom 1.0 or JSON Feed 1.1. Links are
 * relative to the path.
 */
export function sampleDocument(feed: SampleFeed, items: readonly SampleItem[]): SampleDocument {
  if (feed.path.endsWith(".json")) return { contentType: "application/feed+json; charset=utf-8", body: jsonFeed(feed, items) };
  if (feed.path.endsWith(".atom")) return { contentType: "application/atom+xml; charset=utf-8", body: atom(feed, items) };
  return { contentType: "application/rss+xml; charset=utf-8", body: rss(feed, items) };
}

function rss({ title }: SampleFeed, items: readonly SampleItem[]): string {
  const written = items.map(
    (item) => `    <item>
      <guid isPermaLink="false">${item.id}</guid>
      <title>${xml(item.title)}</title>
      <link>${SAMPLE_ITEM_PATH}${item.id}</link>
      <description>${xml(item.summary)}</description>
      <pubDate>${new Date(item.at).toUTCString()}</pubDate>
    </item>`,
  );
  return `<?xml version="1.0" encoding="utf-8"?>
<rss version="2.0">
  <channel>
    <title>${xml(title)}</title>
    <link>/news</link>
    <description>${NOTE}</description>
${written.join("\n")}
  </channel>
</rss>
`;
}

function atom({ name, title }: SampleFeed, items: readonly SampleItem[]): string {
  const written = items.map(
    (item) => `  <entry>
    <id>urn:artesian:${item.id}</id>
    <title>${xml(item.title)}</title>
    <link href="${SAMPLE_ITEM_PATH}${item.id}"/>
    <summary>${xml(item.summary)}</summary>
    <published>${time(item)}</published>
    <updated>${time(item)}</updated>
  </entry>`,
  );
  return `<?xml version="1.0" encoding="utf-8"?>
<feed xmlns="http://www.w3.org/2005/Atom">
  <id>urn:artesian:${name}</id>
  <title>${xml(title)}</title>
  <subtitle>${NOTE}</subtitle>
  <link href="/news"/>
  <updated>${items[0] === undefined ? "" : time(items[0])}</updated>
${written.join("\n")}
</feed>
`;
}

function jsonFeed({ title }: SampleFeed, items: readonly SampleItem[]): string {
  return JSON.stringify({
    version: "https://jsonfeed.org/version/1.1",
    title,
    description: NOTE,
    home_page_url: "/news",
    items: items.map((item) => ({
      id: item.id,
      title: item.title,
      url: `${SAMPLE_ITEM_PATH}${item.id}`,
      content_text: item.summary,
      summary: item.summary,
      date_published: time(item),
    })),
  });
}

function time(item: SampleItem): string {
  return new Date(item.at).toISOString();
}

function xml(text: string): string {
  return text.replaceAll(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}
