import { READERS, type ReaderName, readThroughCuts } from "../../support/cuts.ts";
import type { Scenario } from "../lib/scenario.ts";

const NAMES = Object.keys(READERS) as ReaderName[];

export const cuts: Scenario = {
  name: "cuts",
  promise: "R4",
  what: "a proxy cuts each connection of the client, after one byte more each time",
  run: async ({ full, report, progress, violation }) => {
    const wanted = full ? 34_000 : 1200;
    for (const name of NAMES) {
      progress(`${name}: ${wanted} cuts`);
      const { published, got, cuts: made } = await readThroughCuts(name, wanted);
      const wrong = got.findIndex((data, i) => data !== String(i));
      if (wrong >= 0) violation(`${name}: update ${wrong} came as ${got[wrong]}`);
      else if (got.length < published) violation(`${name}: ${published - got.length} of ${published} updates were lost`);
      report({ name: `${name}: cuts, updates`, value: `${made}, ${published}` });
    }
  },
};
