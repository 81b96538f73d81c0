import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { describe, expect, it } from "vitest";
import { canHandOn } from "../../../packages/hub/src/http/strict/hand-on-probe.ts";
import { SILENT } from "../../../packages/hub/src/core/logger.ts";

const PROBE = fileURLToPath(new URL("../../../packages/hub/dist/http/strict/hand-on-probe.js", import.meta.url));

/** Runs the probe in a process of its own whose Node was changed first. */
async function probeWith(change: string): Promise<{ readonly can: boolean; readonly logged: readonly string[] }> {
  const source = `
import http from "node:http";
import net from "node:net";
${change}
const { canHandOn } = await import(${JSON.stringify(PROBE)});
const logged = [];
const can = await canHandOn({ warn: (fields, text) => void logged.push(text + " " + fields.err.message) });
console.log(JSON.stringify({ can, logged }));`;
  const { stdout } = await promisify(execFile)(process.execPath, ["--input-type=module", "--eval", source], { timeout: 60_000 });
  return JSON.parse(stdout) as { can: boolean; logged: string[] };
}

describe("The probe of Node's HTTP server", () => {
  it("finds that this Node takes a connection that was read", async () => {
    expect(await canHandOn(SILENT)).toBe(true);
  });

  it("finds the same without changes in a process", async () => {
    expect(await probeWith("")).toEqual({ can: true, logged: [] });
  });

  it.each([
    [
      "has another listener for connections",
      `const { on } = net.Server.prototype;
       net.Server.prototype.on = function (event, listener) {
         return on.call(this, event, event === "connection" ? (socket) => listener.call(this, socket) : listener);
       };`,
      "no listener for connections of a known kind",
    ],
    ["loses the bytes that are put back", "net.Socket.prototype.unshift = () => true;", "were not there|was closed|other requests"],
  ])("says so if a Node %s", async (_, change, why) => {
    const { can, logged } = await probeWith(change);
    expect(can).toBe(false);
    expect(logged).toEqual([expect.stringMatching(new RegExp(`Node's parser reads all publishes.*(${why})`))]);
  });
});
