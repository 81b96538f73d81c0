export const texts = {
  rely: "What you can rely on",
  claims: {
    reconnects: {
      title: "Nothing lost across reconnects",
      about: "A page that was away goes on from the last event that it saw. If something is no longer held, it is told so in the stream.",
    },
    journal: {
      title: "One journal",
      about:
        "Every update is written down before it is sent. What is live and what is replayed are read off the same journal, in the same order.",
    },
    backends: {
      title: "Any backend",
      about: "PHP, Python, Go, a shell script: whatever can send a POST can publish. Clients made for the Mercure protocol work too.",
    },
    polls: {
      title: "Nobody polls",
      about: "One open request a page, and the browser's own `EventSource`. No library needed, no special proxy, no idle questions.",
    },
  },
  well: {
    label: "The way of an update, from the surface down",
    pages: "*Every open page* has it at once.",
    hub: "*The hub* picks who subscribed, and sends them the same bytes.",
    journal: "*The journal* keeps it, in order.",
    backends: "*Your backends* send one POST.",
  },
  watch: "Watch it work",
  watchAbout:
    "Four apps on this hub, made with its public interface and nothing else. Open one in two windows, and stop the server in between.",
  apps: {
    chat: { name: "Chat room", about: "People and a bot. Each visitor has a token of its own, renewed while the stream stays open." },
    stocks: {
      name: "Stock ticker",
      about: "Prices as they change, paced by the hub to what a screen can show. The market is simulated until you plug yours in.",
    },
    news: { name: "News ticker", about: "Feeds become a stream. Headlines roll in as they are published, and wait while you read." },
    console: {
      name: "Console",
      about: "What the hub does: rates, connections, the journal, and why one subscriber did not get one update.",
    },
  },
  show: {
    title: "Kill the server",
    about:
      "This page publishes four numbered updates a second, and counts what comes back on its stream. Kill the server's process with SIGKILL meanwhile, or go offline. Every number arrives once.",
    start: "Start",
    again: "Start again",
    stop: "Stop",
    kill: "Kill the server",
    leave: "Go offline",
    comeBack: "Come back",
    sent: "sent",
    received: "received",
    lost: "lost",
    repeated: "repeated",
    numbers: "The newest numbers",
    legend: { waiting: "on its way", live: "came live", replayed: "came by replay", lost: "lost" },
    events: "What happened",
    idle: "Nothing is sent yet.",
    happened: {
      started: () => "Connected. The first number is on its way.",
      killed: ({ process = 0 }: HappeningFields) => `Process ${process} killed itself with SIGKILL. Nothing was closed or saved.`,
      back: ({ process = 0, ms = 0 }: HappeningFields) => `Process ${process} answers, ${(ms / 1000).toFixed(1)} s later.`,
      notYet: ({ seconds = 0 }: HappeningFields) => `The server was killed a moment ago. It can be killed again in ${seconds} s.`,
      cannot: () => "The server was not killed. It did not answer as expected.",
      left: () => "Offline: this page closed its stream, and keeps its cursor. It goes on publishing.",
      replayed: ({ count = 0 }: HappeningFields) =>
        `Connected again. ${count} missed ${count === 1 ? "number" : "numbers"} came by replay.`,
      ended: () => "Stopped.",
      overTime: () => "Stopped by itself after two minutes.",
    },
    cannotKill: {
      memory:
        "There is no kill button: this server keeps updates in memory only, so a kill would lose them. Start it without --journal memory.",
      single: "There is no kill button: nothing would start this server again.",
    },
  },
  join: {
    title: "Join by phone",
    about: "Scan the code with a phone, publish there, and watch it arrive here.",
    show: "Show the QR code",
    code: (url: string) => `QR code of ${url}`,
    loopback: (url: string) =>
      `This server listens on this computer only (${url}), so a phone cannot reach it. The demo lets everyone publish, so it stays that way. Put a proxy in front, and set --public-url to its address: then the code is here.`,
  },
  notLoaded: "This part could not be loaded. Try again.",
};

/** Figures in a sentence about the demonstration. */
export interface HappeningFields {
  /** A process id. */
  readonly process?: number;
  readonly ms?: number;
  readonly seconds?: number;
  readonly count?: number;
}

export type LayerTexts = typeof texts;
