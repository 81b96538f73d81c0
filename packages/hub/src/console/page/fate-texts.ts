import type { Fate } from "../server/wire.ts";

/** Each fate in words. `short` names the fate. `sentence` explains it for one subscriber. */
export const FATE_TEXTS: Readonly<Record<Fate, { readonly short: string; readonly sentence: string }>> = {
  delivered: {
    short: "Delivered",
    sentence: "It was given to the subscriber's socket. If the page still does not show it, look at the page, or at a proxy in between.",
  },
  paced: {
    short: "Paced",
    sentence: "It waits for the subscriber's next write: the subscription has an interval, and its time has not come yet.",
  },
  behind: {
    short: "Behind",
    sentence:
      "The subscriber has not come to it yet: it is replaying, or its connection takes data more slowly than it comes. It will get it.",
  },
  replaced: {
    short: "Replaced",
    sentence: "A newer update of the same topic was sent in its place: the subscription asks for the latest only.",
  },
  expired: {
    short: "Expired",
    sentence: "Its time to live was over before the subscriber came to it.",
  },
  earlier: {
    short: "Earlier",
    sentence: "It is older than what the subscriber began with: it connected later, and did not ask for what was before.",
  },
  not_allowed: {
    short: "Not allowed",
    sentence: "It is private, and the subscriber's token grants none of its topics, or there is no token.",
  },
  not_selected: {
    short: "Not selected",
    sentence: "None of the subscriber's matchers selects any of its topics. Compare them letter by letter: they are case-sensitive.",
  },
};

/** Shown if the hub has no subscriber with the id. */
export const NOT_CONNECTED = "This subscriber is not connected now, so nothing can be said about it.";
