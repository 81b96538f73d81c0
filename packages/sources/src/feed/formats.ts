import type { AtomFeed, JsonFeed, MediaNs, RdfFeed, RssFeed } from "feedsmith";
import type { RawFeed, RawItem, RawText } from "./item.ts";

const html = (text: string | undefined): RawText => ({ text, as: "html" });
const plain = (text: string | undefined): RawText => ({ text, as: "plain" });
const lenient = (text: string | undefined): RawText => ({ text, as: "lenient" });

/** RSS 0.91 to 2.0. */
export function fromRss(feed: RssFeed.Feed<string>): RawFeed {
  return {
    title: lenient(feed.title),
    links: [feed.link, alternate(feed.atom?.links)],
    base: feed.xml?.base ?? feed.link,
    items: (feed.items ?? []).map(rssItem),
  };
}

function rssItem(item: RssFeed.Item<string>): RawItem {
  const { guid, atom, dc, dcterms, itunes } = item;
  return {
    id: guid?.value ?? atom?.id,
    // A guid is a permanent link unless it says otherwise.
    links: [item.link, alternate(atom?.links), guid?.isPermaLink === false ? undefined : absolute(guid?.value), item.enclosures?.[0]?.url],
    title: lenient(item.title ?? atom?.title?.value ?? dc?.titles?.[0] ?? itunes?.title),
    summaries: [
      html(item.description),
      html(atom?.summary?.value),
      html(dc?.descriptions?.[0]),
      html(item.content?.encoded),
      html(itunes?.summary),
      mediaText(item.media),
    ],
    published: [item.pubDate, dc?.dates?.[0], atom?.published, dcterms?.dates?.[0], atom?.updated, dcterms?.modified?.[0]],
    authors: [dc?.creators?.[0], item.authors?.[0]?.name, atom?.authors?.[0]?.name, itunes?.author],
    images: [...mediaImages(item.media), ...(item.enclosures ?? []).map((file) => imageOf(file.url, file.type)), itunes?.image],
    base: item.xml?.base,
  };
}

/** RSS 0.90 and 1.0. */
export function fromRdf(feed: RdfFeed.Feed<string>): RawFeed {
  return {
    title: lenient(feed.title),
    links: [feed.link, alternate(feed.atom?.links)],
    base: feed.xml?.base ?? feed.link,
    items: (feed.items ?? []).map((item) => ({
      id: item.rdf?.about,
      links: [item.link, alternate(item.atom?.links), item.rdf?.about],
      title: lenient(item.title ?? item.dc?.titles?.[0]),
      summaries: [html(item.description), html(item.dc?.descriptions?.[0]), html(item.content?.encoded)],
      published: [item.dc?.dates?.[0], item.dcterms?.dates?.[0], item.atom?.published, item.atom?.updated],
      authors: [item.dc?.creators?.[0], item.atom?.authors?.[0]?.name],
      images: mediaImages(item.media),
      base: item.xml?.base,
    })),
  };
}

/** Atom 0.3 and 1.0. */
export function fromAtom(feed: AtomFeed.Feed<string>): RawFeed {
  return {
    title: atomText(feed.title),
    links: [alternate(feed.links)],
    base: feed.xml?.base,
    items: (feed.entries ?? []).map((entry) => ({
      id: entry.id,
      links: [alternate(entry.links), entry.content?.src, absolute(entry.id)],
      title: atomText(entry.title),
      summaries: [atomText(entry.summary), atomText(entry.content), mediaText(entry.media)],
      published: [entry.published, entry.dc?.dates?.[0], entry.updated],
      authors: [entry.authors?.[0]?.name, entry.dc?.creators?.[0], entry.source?.authors?.[0]?.name, feed.authors?.[0]?.name],
      images: [
        ...mediaImages(entry.media),
        ...(entry.links ?? []).filter((link) => link.rel === "enclosure").map((link) => imageOf(link.href, link.type)),
      ],
      base: entry.xml?.base,
    })),
  };
}

/** JSON Feed 1.0 and 1.1. */
export function fromJson(feed: JsonFeed.Feed<string>): RawFeed {
  return {
    title: plain(feed.title),
    links: [feed.home_page_url],
    base: feed.home_page_url,
    items: (feed.items ?? []).map((item) => ({
      id: item.id,
      links: [item.url, item.external_url, absolute(item.id)],
      title: plain(item.title),
      summaries: [plain(item.summary), plain(item.content_text), html(item.content_html)],
      published: [item.date_published, item.date_modified],
      authors: [item.authors?.[0]?.name, feed.authors?.[0]?.name],
      images: [
        item.image,
        item.banner_image,
        ...(item.attachments ?? []).map((attachment) => imageOf(attachment.url, attachment.mime_type)),
      ],
    })),
  };
}

/** The page of a feed or an entry, as opposed to the feed itself or a file that belongs to it. */
function alternate(links: readonly AtomFeed.Link<string>[] | undefined): string | undefined {
  const pages = (links ?? []).filter((link) => link.rel === undefined || link.rel === "alternate");
  return (pages.find((link) => link.type === undefined || /html/i.test(link.type)) ?? pages[0])?.href;
}

/** An id is an address only if it is absolute. A relative id is just a name. */
function absolute(id: string | undefined): string | undefined {
  return id !== undefined && /^https?:\/\//i.test(id) ? id : undefined;
}

function atomText(text: { readonly value?: string; readonly type?: string } | undefined): RawText {
  // The default type is plain text. Untyped text from people is often HTML.
  return /html/i.test(text?.type ?? "") ? html(text?.value) : lenient(text?.value);
}

function imageOf(url: string | undefined, type: string | undefined): string | undefined {
  return type !== undefined && /^image\//i.test(type) ? url : undefined;
}

function mediaImages(media: MediaNs.ItemOrFeed | undefined): (string | undefined)[] {
  if (media === undefined) return [];
  const parts = [
    media,
    ...(media.groups ?? []),
    ...(media.contents ?? []),
    ...(media.groups ?? []).flatMap((group) => group.contents ?? []),
  ];
  const contents = parts.flatMap((part) => ("contents" in part ? (part.contents ?? []) : []));
  const pictures = contents.map((content) => (content.medium === "image" ? content.url : imageOf(content.url, content.type)));
  return [...pictures, ...parts.map((part) => part.thumbnails?.[0]?.url)];
}

function mediaText(media: MediaNs.ItemOrFeed | undefined): RawText {
  const text = media?.description ?? media?.groups?.[0]?.description;
  return text?.type === "html" ? html(text.value) : lenient(text?.value);
}
