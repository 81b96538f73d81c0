export const en = {
  noFeeds: "No feeds yet",
  address: "Address of a feed: RSS, Atom or JSON Feed",
  add: "Add",
  adding: "Adding…",
  added: (count: number) => `${count} ${count === 1 ? "feed is" : "feeds are"} added.`,
  leftOut: (count: number, most: number) =>
    `${count} ${count === 1 ? "feed" : "feeds"} of the file ${count === 1 ? "was" : "were"} left out: only the first ${most} are read.`,
  refused: {
    invalid_address: "This is not an http or https address.",
    private_address: "This address is in a private network. Start the server with --private-feeds to allow it.",
    already_followed: "This feed is there already.",
    too_many_feeds: "There are as many feeds as one page can follow. Remove one first.",
  },
  withAddress: (text: string, url: string) => `${url}: ${text}`,
  problems: {
    no_answer: "The server does not answer. Try again.",
    unavailable: "The list of feeds can't be kept. The server's log says why.",
    not_removable: "This feed is in the command that starts the server. Leave it out there.",
    no_opml: "This file is no OPML, or has no feeds.",
    opml_too_large: "This file is larger than 1 MB. Split it.",
    other: (status: number) => `The server refused (${status}).`,
  },
  opmlIn: "Read feeds from an OPML file",
  opmlOut: "Save the feeds as OPML",
  howTo: "Or start the server with the feeds. The name before the = is up to you.",
  copyLine: "Copy the line",
  remove: "Remove",
  removeOf: (title: string) => `Remove ${title}`,
  firstFetch: "It is being fetched for the first time.",
  read: (when: string) => `Read ${when}.`,
  readWith: (when: string, items: number) => `Read ${when}, ${items} ${items === 1 ? "item" : "items"}.`,
};

export type FeedsTexts = typeof en;
