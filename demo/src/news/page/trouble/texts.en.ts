export const en = {
  failingFor: (span: string) => `Failing for ${span}.`,
  withinMinute: "within a minute",
  after: (span: string) => `in ${span}`,
  askedEvery: (span: string) => `Asked every ${span}.`,
  askedAgain: (when: string) => `Asked again ${when}.`,
  failures: {
    unreachable: (address: string) => `${address} can't be reached.`,
    timeout: (address: string) => `${address} did not answer in time.`,
    broken: (address: string) => `The answer of ${address} broke off.`,
    too_large: (address: string) => `The answer of ${address} is too large.`,
    redirect: (address: string) => `${address} redirects, and can't be followed.`,
    status: (address: string, status: number) => `${address} answered ${status}.`,
    forbidden: (address: string) => `${address} is in a private network, which feeds of this page may not read.`,
    not_a_feed: (address: string) => `There is no feed at ${address}.`,
    other: (_address: string) => "The server's log says why.",
  },
  unavailable: {
    not_here: "This server does not run the news. Start it with: artesian-demo",
    feeds: (status: number) => `The server can't say which feeds there are (${status}). It is asked again.`,
    nonsense: "The server's answer makes no sense. It is asked again.",
    headlines: (status: number) => `The hub can't say what the news are (${status}). It is asked again.`,
  },
};

export type TroubleTexts = typeof en;
