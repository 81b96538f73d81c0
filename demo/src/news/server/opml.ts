import type { Followed } from "./roster.ts";

/**
 * Writes the feeds for other readers of feeds. Left out are the sample feeds, and feeds of the
 * command whose address may hold a secret: a name, a password or a query.
 *
 * @see http://opml.org/spec2.opml
 */
export function opmlOf(feeds: readonly Followed[]): string {
  const outlines = feeds
    .filter(({ feed, origin }) => origin === "added" || (origin === "given" && !mayHoldSecret(feed.url)))
    .map(({ feed, state }) => {
      const { title, link } = state.status;
      const site = link === undefined ? "" : ` htmlUrl="${xml(link)}"`;
      return `    <outline type="rss" text="${xml(title)}" title="${xml(title)}" xmlUrl="${xml(feed.url)}"${site}/>\n`;
    });
  return `<?xml version="1.0" encoding="UTF-8"?>
<opml version="2.0">
  <head>
    <title>Artesian news</title>
  </head>
  <body>
${outlines.join("")}  </body>
</opml>
`;
}

function mayHoldSecret(address: string): boolean {
  const { username, password, search } = new URL(address);
  return `${username}${password}${search}` !== "";
}

function xml(text: string): string {
  return text.replaceAll(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}
