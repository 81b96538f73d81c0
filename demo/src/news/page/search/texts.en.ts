export const en = {
  noSuchFeed: "There is no such feed",
  noMatch: "No headline has these words",
  showAll: "Show all headlines",
};

export type SearchTexts = typeof en;
