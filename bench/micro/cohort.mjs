// cohort: a subscriber leaves its cohort and joins it again, as it does when its socket is full and drains.
import { joinScenes, verifyThat } from "../lib/measure.mjs";
import { createCohorts } from "../lib/selections.mjs";
import { figure } from "../lib/table.mjs";

/** @typedef {import("../lib/selections.mjs").Subscriber} Subscriber */

const SIZES = [1, 10, 100, 1_000, 10_000, 100_000];
/** Has no factor in common with the sizes, so that every member has its turn, and never two neighbours in a row. */
const STRIDE = 7919;
/** Members a call: some from everywhere, so that none of the calls is cheap for its place alone. */
const MEMBERS = 16;

/** @param {number} size */
const nameOf = (size) => `${figure(size)} member${size === 1 ? "" : "s"}`;

/** @type {import("../micro.mjs").Benchmark} */
export const cohort = {
  name: "cohort",
  title: "leave a cohort and join it",
  unit: "ns",
  method: `A member leaves a cohort and joins it again: another one each time, from all over it.`,
  // A walk of the members, or moving those behind the one that leaves, would be a thousand times.
  bars: [{ what: "100,000 members to one", of: nameOf(100_000), to: nameOf(1), most: 100 }],
  async prepare() {
    const { cohortOf } = await createCohorts();
    const scenes = SIZES.map((size) => {
      const cohort = cohortOf({ type: "exact", pattern: "bench" }, size);
      const everyone = new Set(cohort.members);
      let place = 0;
      const run = () => {
        for (let i = 0; i < MEMBERS; i++) {
          place = (place + STRIDE) % size;
          const member = /** @type {Subscriber} */ (cohort.members[place]);
          cohort.leave(member);
          cohort.join(member);
        }
      };
      const verify = () => {
        const { members } = cohort;
        const present = new Set(members);
        verifyThat(members.length === size && present.size === size, `${present.size} members of ${size}`);
        for (const [i, member] of members.entries()) {
          verifyThat(everyone.has(member) && member.memberIndex === i, `member ${i} does not know its place`);
        }
        const [member] = members;
        if (member === undefined) return;
        cohort.leave(member);
        verifyThat(members.length === size - 1 && !members.includes(member), "a member that left is still there");
        cohort.join(member);
      };
      return { cases: [{ name: nameOf(size), run, operations: MEMBERS }], verify };
    });
    return joinScenes(scenes);
  },
};
