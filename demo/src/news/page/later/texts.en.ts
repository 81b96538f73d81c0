export const en = {
  ticker: "Ticker",
  roll: "Let the ticker roll",
  pause: "Pause the ticker",
  feeds: (count: number) => `${count} feed${count === 1 ? "" : "s"}`,
  failing: (count: number) => `${count} failing`,
  allWell: "all well",
};

export type LaterTexts = typeof en;
