import { connect } from "artesian-client";

/** Counts the streams and polls that the client opens. */
const countingFetch: typeof fetch = async (input, init) => {
  const isStream = new Headers(init?.headers).get("accept") === "text/event-stream";
  if (!isStream) tab.polls++;
  else {
    tab.streams++;
    init?.signal?.addEventListener("abort", () => void tab.streams--, { once: true });
  }
  return fetch(input, init);
};

globalThis.start = (topics, { token, ...options }) => {
  globalThis.tab = {
    got: {},
    all: [],
    gaps: [],
    streams: 0,
    polls: 0,
    state: undefined,
    overheard: [],
    listenOn,
    close: () => live.close(),
    token,
  };
  // The token function is called at once.
  const live = connect("/events/stream", {
    ...options,
    ...(token !== undefined && { token: () => tab.token as string }),
    fetch: countingFetch,
  });
  tab.state = live.state;
  live.onState((state) => (tab.state = state));
  live.onGap((gap) => tab.gaps.push(gap));
  function listenOn(topic: string): () => void {
    return live.topic(topic).on("*", ({ data }) => {
      (tab.got[topic] ??= []).push(data);
      tab.all.push(data);
    });
  }
  for (const topic of topics) listenOn(topic);
};
