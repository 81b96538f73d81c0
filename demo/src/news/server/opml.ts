import type { Followed, Origin } from "./roster.ts";

/**
 * Writes the feeds for other readers of feeds. Left out are the sample feeds, feeds with a name or
 * a password in the address, and feeds of the command with a query, which may hold a key.
 *
 * @see http://opml.org/spec2.opml
 */
export function opmlOf(feeds: readonly Followed[]): string {
  const outlines = feeds
    .filter(({ feed, origin }) => origin !== "sample" && !mayHoldSecret(new URL(feed.url), origin))
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

function mayHoldSecret({ username, password, search }: URL, origin: Origin): boolean {
  return `${username}${password}` !== "" || (origin === "given" && search !== "");
}

function xml(text: string): string {
  return text.replaceAll(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}
