export const texts = {
  headline: "Data that rises by itself",
  lead: "Artesian is a hub. Your backend sends it one POST, and every open page has the update at once, over plain HTTP. No polling, no broker to learn, nothing lost when a connection breaks.",
  seeIt: "See it at work",
  killIt: "Kill the server",
  notLoaded: "This part could not be loaded. Try again.",
  panel: "Live on this hub",
  updates: "Updates, newest first",
  quiet:
    "*The well is still.* Publish the first update below, or run the `curl` line in a terminal. It appears here, and on every other open page.",
  noData: "no data",
  eventId: (id: string) => `Event id ${id}`,
  counted: (count: number) => `${count} ${count === 1 ? "update" : "updates"} since you came.`,
  everyTopic: "Every topic of one word, as it happens.",
  took: (ms: number) => `${ms} ms`,
  aboutLatency: "Milliseconds: from a publish on this page to its arrival. Other publishers' clocks are unknown.",
  publishTo: (topic: string) => `Publish to \`${topic}\``,
  publish: "Publish",
  example: "Hello, world!",
  notSent: (status: number | undefined) => `The update was not sent (${status ?? "no answer"}).`,
  send: "Publish",
  receive: "Receive",
  copyCode: (name: string) => `Copy the code: ${name}`,
  inPage: "Web page",
  crossOrigin: "Works as it is. A page of another origin needs the hub's `--cors-origin` to read, and `--publish-origin` to publish.",
};

export type LandingTexts = typeof texts;
