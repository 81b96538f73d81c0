// `node --import ./no-sync.mjs main.js` runs the hub with a journal that is not durable: flushes succeed at once and do nothing. It is the
// control of the power cuts: with it they must lose updates, or they prove nothing.
import fs from "node:fs";
import { syncBuiltinESMExports } from "node:module";

for (const name of ["fsync", "fdatasync"]) {
  fs[name] = (_file, done) => {
    setImmediate(() => done(null));
  };
  fs[`${name}Sync`] = () => undefined;
  fs.promises[name] = async () => undefined;
}
syncBuiltinESMExports();
