export const en = {
  title: "One subscriber",
  back: "All subscribers",
  unknown: "not known",
  lag: "Lag",
  atTail: "at the newest update",
  behind: (updates: string, time: string) => `${updates} behind: ${time}`,
  rate: "Rate",
  rates: (updates: string, size: string, span: string) => `${updates} updates/s, ${size}/s, over ${span}`,
  held: "Not taken yet",
  process: "Process",
  anonymous: "It came without a token: it receives public updates, and its access can't be revoked.",
  token: "Its token",
  tokenId: "Token id",
  issued: "Issued",
  ends: "Ends",
  never: "never",
  reads: "Private updates that it may receive",
  readsNothing: "None.",
  publishes: "Topics that it may publish to",
  publishesNothing: "None.",
  orders: { close: "Close the stream", token: "Revoke this token", subject: "Revoke all of its user" },
  sure: {
    close: (_subject: string) => "Close it? Its peer may connect again, and goes on where it was.",
    token: (_subject: string) => "Revoke this token until its end? All its streams end.",
    subject: (subject: string) => `Revoke all tokens that ${subject} has had until now? All their streams end.`,
  },
  done: {
    close: "Closed. Its peer may connect again, and goes on where it was.",
    token: "Revoked. The streams of this token end.",
    subject: "Revoked. The streams of this user end.",
  },
  addressHint:
    "Behind a proxy, the address is the client's only if the hub trusts the proxy. The rate counts the newest updates in memory that are for this subscriber.",
};

export type SubscriberTexts = typeof en;
