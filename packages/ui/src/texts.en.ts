export const texts = {
  home: "Artesian, start page",
  apps: "Apps",
  chat: "Chat",
  stocks: "Stocks",
  news: "News",
  console: "Console",
  docs: "Docs",
  language: "Language",
  connection: {
    connecting: "Connecting",
    "catching-up": "Catching up",
    live: "Live",
    polling: "Live by polling",
    reconnecting: "Reconnecting",
    resting: "Resting",
    refused: "No access",
  },
  seconds: (seconds: number) => `${seconds} s`,
  problems: {
    no_answer:
      "No answer yet. A browser opens only six connections to a site. If this site is open in other tabs or windows, close some of them.",
    resting: "This tab was hidden, so it closed its stream and left the connection to others. It goes on where it was when it is shown.",
    polling:
      "Something between this browser and the server holds streams back, so this page asks for updates again and again. Nothing is lost.",
    no_network: "The browser reports no network. The page goes on trying.",
    not_renewed: "This page's access could not be renewed. It connects again when the old one ends; nothing is lost.",
    no_access: "The server does not let this page in.",
    refused: (status: number) => `The server refused with status ${status}. The page goes on trying.`,
  },
  copy: "Copy",
  copied: "Copied",
  selectIt: "Select it",
};

export type SharedTexts = typeof texts;
