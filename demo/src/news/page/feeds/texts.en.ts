export const en = {
  howTo:
    "Start the server with the addresses of your feeds: RSS, Atom or JSON Feed. Repeat --feed for each. The name before the = is up to you.",
  copyLine: "Copy the line",
  firstFetch: "It is being fetched for the first time.",
  read: (when: string) => `Read ${when}.`,
  readWith: (when: string, items: number) => `Read ${when}, ${items} ${items === 1 ? "item" : "items"}.`,
};

export type FeedsTexts = typeof en;
