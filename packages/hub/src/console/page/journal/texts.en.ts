export const en = {
  title: "Updates in the journal",
  follow: "Follow the newest",
  topic: "Topic contains",
  everyTopic: "every topic",
  type: "Type",
  everyType: "every type",
  from: "Begin at the event id",
  newest: "the newest",
  go: "Go there",
  none: "The journal holds no such update.",
  noneYet: "None among the updates examined so far. Look further back with “Older”.",
  pages: "Pages of the journal",
  newer: "Newer",
  older: "Older",
  explain: "What became of it",
  play: "Play from here",
  playLabel: (id: string) => `Play from here: ${id}`,
  hint: "Data is shown in a stream alone, which has the rights of your token: “Play from here” opens one that begins with the update. The console's own figures are left out.",
};

export type JournalTexts = typeof en;
