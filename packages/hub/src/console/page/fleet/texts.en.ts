export const en = {
  processes: "Processes",
  running: (processes: number, silent: number) =>
    `${processes} ${processes === 1 ? "process" : "processes"}${silent > 0 ? `, and ${silent} that did not answer in time` : ""}`,
  columns: ["Process", "Up for", "Connections", "Behind", "Published", "Delivered", "Not taken yet", "Memory"],
  table: "Table of the processes",
  takeover: {
    title: "Kill a process, and watch the takeover",
    hint: "The process that answers this page is killed like by a power cut. Another takes its place, and every stream goes on where it was.",
    kill: "Kill it",
    killed: (process: number) => `Process ${process} is killed. Waiting for the next …`,
    back: (process: number, next: number, ms: string) => `Process ${process} was killed. ${ms} ms later, process ${next} answered.`,
    away: (process: number) => `Process ${process} was killed, and no other has answered yet.`,
    tooSoon: "The process has only just begun. Try again in a few seconds.",
    refused: "The server did not let itself be killed.",
  },
  answered: "(answered this page)",
  latency: "Latency from publish to socket",
  latencyHint:
    "How long updates took from the journal's append to the sockets' write: the last two minutes, a column for 2 seconds, darker for more updates. It is counted while this part is shown. Streams with an interval, and those behind, are not in it.",
  noLatency: "No update was given to a socket while this part was shown.",
  shares: (total: string, half: string, most: string) => `${total} updates: half of them ${half}, 99 of 100 ${most}.`,
  bound: (ms: number) => (ms === Infinity ? "over 1 s" : `under ${ms < 1000 ? `${ms} ms` : "1 s"}`),
};

export type FleetTexts = typeof en;
