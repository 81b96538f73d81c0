import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, onTestFinished, test } from "vitest";
import { packagesOf } from "../../scripts/framework-apps.mjs";
import { openStream } from "../support/stream.ts";
import { blocksOf } from "./markdown.ts";

const FOLDER = fileURLToPath(new URL("../../examples/worker/", import.meta.url));
const HUB = "/.well-known/mercure";

/** The parts of `miniflare` and `esbuild` that are used. */
interface Tools {
  readonly Miniflare: new (options: object) => { readonly ready: Promise<URL>; dispose(): Promise<void> };
  readonly build: (options: object) => Promise<{ readonly outputFiles: readonly { readonly text: string }[] }>;
}

/** Runs the example in Cloudflare's runtime, with the settings of its `wrangler.toml`. */
async function startWorker(): Promise<string> {
  const packages = packagesOf("workers");
  const load = createRequire(join(packages, "noop.js"));
  const { Miniflare, build } = Object.assign({}, ...["miniflare", "esbuild"].map((name) => load(name) as Partial<Tools>)) as Tools;
  const settings = readFileSync(join(FOLDER, "wrangler.toml"), "utf8");
  const setting = (name: string): string => new RegExp(`^${name} = "(.*)"$`, "m").exec(settings)?.[1] ?? "";
  const {
    outputFiles: [bundle],
  } = await build({
    entryPoints: [join(FOLDER, setting("main"))],
    write: false,
    bundle: true,
    format: "esm",
    // As Cloudflare's own tool does.
    conditions: ["workerd", "worker", "browser"],
    external: ["node:*"],
    nodePaths: [packages],
  });
  const worker = new Miniflare({
    modules: [{ type: "ESModule", path: "worker.mjs", contents: bundle?.text ?? "" }],
    compatibilityDate: setting("compatibility_date"),
    compatibilityFlags: JSON.parse(/^compatibility_flags = (.*)$/m.exec(settings)?.[1] ?? "[]") as string[],
    durableObjects: { LIVE: setting("class_name") },
  });
  onTestFinished(() => worker.dispose());
  return (await worker.ready).origin;
}

test("the worker pushes to all of its streams, and a reader that comes back misses nothing", async () => {
  const origin = await startWorker();
  const order = async (text: string): Promise<string> => {
    const response = await fetch(`${origin}/orders`, { method: "POST", body: text });
    expect(response.status).toBe(200);
    return ((await response.json()) as { id: string }).id;
  };
  const streams = await Promise.all([1, 2, 3].map(() => openStream(`${origin}${HUB}?match=/orders`)));
  const id = await order("first");
  for (const stream of streams) expect(await stream.next()).toMatchObject({ id, data: "first" });
  streams[0]?.close();
  await order("second");
  await order("third");
  const again = await openStream(`${origin}${HUB}?match=/orders&last_event_id=${encodeURIComponent(id)}`);
  expect([(await again.next()).data, (await again.next()).data]).toEqual(["second", "third"]);
  // Nobody but the worker publishes.
  const forged = await fetch(origin + HUB, { method: "POST", body: new URLSearchParams({ topic: "/orders", data: "forged" }) });
  expect(forged.status).toBe(401);
  expect((await fetch(`${origin}/elsewhere`)).status).toBe(404);
});

test("the page has both files", () => {
  const codes = blocksOf("guides/workers.md").map(({ code }) => code);
  expect(codes.slice(0, 2)).toEqual(["worker.mjs", "wrangler.toml"].map((name) => readFileSync(join(FOLDER, name), "utf8")));
});
