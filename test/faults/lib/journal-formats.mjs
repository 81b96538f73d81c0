// `node journal-formats.mjs DIRECTORY older|newer|back`: makes of a journal what another version of Artesian would have left there, while processes
// may have it open.
//
// older: format 1, as it was before records had sums. newer: a format that does not exist yet, converted as docs/operate/reliability.md tells versions to
// do it. back: from newer to what it was.
import { open } from "lmdb";

const [directory, to] = process.argv.slice(2);
const root = open({ path: directory, noSubdir: false, overlappingSync: false, eventTurnBatching: false, encoding: "msgpack" });
const rows = root.openDB({ name: "rows", encoding: "msgpack" });
const meta = root.openDB({ name: "meta", encoding: "msgpack" });
const entries = root.openDB({ name: "state", encoding: "string" });
const NEWER = 3;

function move(from, into) {
  meta.putSync(into, meta.get(from));
  meta.removeSync(from);
}

const conversions = {
  older: () => {
    const [head, tail] = meta.get("held");
    for (let offset = head; offset <= tail; offset++) rows.putSync(offset, rows.get(offset).slice(1));
    for (const { key, value } of Array.from(entries.getRange())) entries.putSync(key, value.slice(8));
    move("held", "state");
    meta.putSync("format", 1);
  },
  newer: () => {
    move("held", `held-${NEWER}`);
    meta.putSync("format", NEWER);
  },
  back: () => {
    move(`held-${NEWER}`, "held");
    meta.putSync("format", 2);
  },
};

root.transactionSync(conversions[to]);
await root.close();
