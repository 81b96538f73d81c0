export const en = {
  title: "Topics and their updates",
  counted: (topics: number, shown: string, since: string) => `${shown} ${topics === 1 ? "topic" : "topics"} with updates since ${since}.`,
  left: (times: number, shown: string) =>
    `More topics than are counted: ${times === 1 ? "once" : `${shown} times`}, the one without an update for the longest time was left out.`,
  none: "No topic has had an update yet.",
  hint: "An update counts for the first of its topics, and its size is its data's, in characters. Rates are of the last seconds. The count begins with the newest updates in memory when this part is opened, and ends when nobody looks.",
  show: (topic: string) => `Show the updates of ${topic}`,
  below: (topics: number, shown: string) => `${shown} ${topics === 1 ? "topic" : "topics"}`,
  updates: (updates: number, shown: string, size: string) => `${shown} ${updates === 1 ? "update" : "updates"}, ${size}`,
  ago: (time: string) => `${time} ago`,
};

export type TopicsTexts = typeof en;
