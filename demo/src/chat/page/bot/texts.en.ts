export const en = {
  stop: "Stop",
  stopOf: (bot: string) => `Stop ${bot}’s answer`,
  failed: "The answer broke off.",
  stopped: "The answer was stopped.",
  again: "Try again",
  asking: "Asking again…",
  notAsked: "That did not work. Try again in a moment.",
  price: (symbol: string) => `Price of ${symbol}`,
  simulated: "simulated",
  live: "live",
  asOf: (time: string) => `as of ${time}`,
  allPrices: "All prices",
  headlines: "Newest headlines",
  allNews: "All news",
};

export type BotTexts = typeof en;
