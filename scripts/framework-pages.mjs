// Writes docs/guides/frameworks/*.md from the applications in examples/frameworks, and their table in docs/guides/frameworks.md.
// `node scripts/framework-pages.mjs`
import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { pinnedVersion } from "./framework-apps.mjs";

const ROOT = new URL("../", import.meta.url);
const LANGUAGES = { mjs: "js", js: "js", jsx: "jsx", ts: "ts", tsx: "tsx", svelte: "svelte", vue: "vue", html: "html" };
const TABLE = /(<!-- table: begin -->\n).*?(<!-- table: end -->)/s;

/** Each with its file or its folder and files, its package, the hub's part that it calls, how it closes, and what else is to know. */
export const FRAMEWORKS = [
  { file: "node-http.mjs", title: "Node's HTTP server", door: "hub.handler", closing: "`hub.closeOnSignals`", note: "" },
  {
    file: "express.mjs",
    title: "Express",
    packageName: "express",
    door: "hub.handler",
    closing: "`hub.closeOnSignals`",
    note: "The hub comes after the session and before the body parsers, because it reads the bodies of publishers itself. Compression may come before it: the hub's streams are left alone.",
  },
  {
    file: "fastify.mjs",
    title: "Fastify",
    packageName: "fastify",
    door: "hub.handler",
    closing: "the hook `preClose`",
    note: "A hook hands the request to the hub. It comes after the plugins, because hooks run in their order. The session's id is put on the raw request, where `authorize` finds it.",
  },
  {
    file: "koa.mjs",
    title: "Koa",
    packageName: "koa",
    door: "hub.handler",
    closing: "`hub.closeOnSignals`",
    note: "`ctx.respond = false` leaves the response to the hub. The session's key is put on the raw request, where `authorize` finds it.",
  },
  {
    file: "nest.ts",
    title: "NestJS",
    packageName: "@nestjs/core",
    door: "hub.handler",
    closing: "`beforeApplicationShutdown`",
    note: "The hub is a provider, so every controller can publish. `enableShutdownHooks()` closes it with the application. Nest then ends the process by the signal itself.",
  },
  {
    file: "next",
    files: [
      "lib/live.mjs",
      "app/api/live/[[...path]]/route.js",
      "app/login/route.js",
      "app/logout/route.js",
      "app/notify/[user]/route.js",
      "app/orders/[id]/route.js",
      "app/health/route.js",
      "app/layout.js",
      "app/page.js",
      "instrumentation.js",
      "next.config.mjs",
      "server.mjs",
    ],
    title: "Next.js",
    packageName: "next",
    door: "hub.fetch",
    closing: "`instrumentation.js`",
    note: "`next start` runs it, and `server.mjs` is a server of your own instead. Next.js removes `Content-Encoding` from the answers of route handlers, so their streams are not gzipped. In your own server `hub.handler` answers first, and the streams are. Vercel's functions end a stream after some minutes: [run the hub beside](../frameworks.md#others).",
  },
  {
    file: "sveltekit",
    files: [
      "src/lib/server/live.js",
      "src/routes/api/live/[...path]/+server.js",
      "src/routes/login/+server.js",
      "src/routes/logout/+server.js",
      "src/routes/notify/[user]/+server.js",
      "src/routes/orders/[id]/+server.js",
      "src/routes/health/+server.js",
      "src/routes/+page.js",
      "src/routes/+page.svelte",
      "src/app.html",
      "src/hooks.server.js",
      "vite.config.js",
    ],
    title: "SvelteKit",
    packageName: "@sveltejs/kit",
    door: "hub.fetch",
    closing: "`init` of the hooks",
    note: "Here with `adapter-node`. SvelteKit takes forms from pages of its own origin only, so tell the build the `ORIGIN`. Keep `artesian` in the `dependencies` of `package.json`: the build packs all others. SvelteKit 3 needs Node 22.17 or later.",
  },
  {
    file: "react-router",
    files: [
      "app/live.server.js",
      "app/routes.js",
      "app/routes/live.js",
      "app/routes/login.js",
      "app/routes/logout.js",
      "app/routes/notify.js",
      "app/routes/order.js",
      "app/routes/health.js",
      "app/routes/home.jsx",
      "app/root.jsx",
      "vite.config.js",
    ],
    title: "React Router",
    packageName: "react-router",
    door: "hub.fetch",
    closing: "`hub.closeOnSignals`",
    note: "Here in framework mode, with `react-router-serve`. Its compression leaves the hub's streams alone. At the end `react-router-serve` prints an empty line, which does no harm. React Router 8 needs Node 22.22 or later.",
  },
  {
    file: "nuxt",
    files: [
      "server/utils/live.js",
      "server/middleware/live.js",
      "server/plugins/live.js",
      "server/routes/login.post.js",
      "server/routes/logout.post.js",
      "server/routes/notify/[user].post.js",
      "server/routes/orders/[id].get.js",
      "server/routes/health.get.js",
      "app/app.vue",
      "nuxt.config.js",
    ],
    title: "Nuxt",
    packageName: "nuxt",
    door: "hub.handler",
    closing: "a plugin of Nitro",
    note: "Nuxt 4 has Nitro 2 and H3 1, which do not tell a `Request` that its reader has left. So the hub gets Node's request and response. The folder `server` is the same in an application on Nitro 2 alone. Nuxt 4.5 needs Node 22.19 or later.",
  },
  {
    file: "hono.mjs",
    title: "Hono",
    packageName: "hono",
    door: "hub.fetch",
    closing: "`hub.closeOnSignals`",
    note: "Here on Node. Hono's `compress()` leaves the hub's streams alone.",
  },
  {
    file: "h3.mjs",
    title: "H3, the server of Nitro 3",
    packageName: "h3",
    door: "hub.fetch",
    closing: "`hub.closeOnSignals`",
    note: "H3's own shutdown is switched off, because it would wait for the streams before the hub ends them.",
  },
  {
    file: "bun.mjs",
    title: "Bun",
    runtime: "Bun",
    door: "hub.fetch",
    closing: "`hub.closeOnSignals`",
    note: "Set `idleTimeout: 0`. By default Bun ends a response that is silent for ten seconds.",
  },
  {
    file: "elysia.mjs",
    title: "Elysia",
    packageName: "elysia",
    runtime: "Bun",
    door: "hub.fetch",
    closing: "`hub.closeOnSignals`",
    note: '`parse: "none"` leaves the bodies of publishers to the hub.',
  },
  {
    file: "deno.mjs",
    title: "Deno",
    runtime: "Deno",
    door: "hub.fetch",
    closing: "`hub.closeOnSignals`",
    note: "Deno warns once that it aborts `request.signal` after successful responses. The warning does no harm.",
  },
];

/** The path of a framework's page, from docs/guides. */
export function pathOf({ file }) {
  return `frameworks/${file.replace(/\.\w+$/, "")}.md`;
}

/** The page of a framework. */
export function pageOf({ file, files, title, note }) {
  const code = files === undefined ? fenceOf(file) : files.map((name) => `\`${name}\`:\n\n${fenceOf(`${file}/${name}`)}`).join("\n\n");
  return `# ${title}

For developers with an application on ${title.split(",")[0]}. This is a whole application, with [what all of them do](../frameworks.md).${note === "" ? "" : `\n\n${note}`}

${code}
`;
}

function fenceOf(path) {
  const code = readFileSync(new URL(`examples/frameworks/${path}`, ROOT), "utf8");
  return `\`\`\`${LANGUAGES[path.split(".").at(-1)]}\n${code}\`\`\``;
}

/** The table of all frameworks. */
export function tableOf() {
  const rows = FRAMEWORKS.map(({ file, files, title, packageName, runtime = "Node", door, closing }) => {
    const version = packageName === undefined ? "" : majorOf(packageName, files === undefined ? undefined : file);
    return [`[${title}](${pathOf({ file })})`, version, runtime, `\`${door}\``, closing];
  });
  return [["framework", "version", "runs on", "called", "closes by"], ["---", "---", "---", "---", "---"], ...rows]
    .map((cells) => `| ${cells.join(" | ")} |\n`)
    .join("");
}

/** @param app - The folder of an application with packages of its own. */
function majorOf(packageName, app) {
  const version = app === undefined ? installedVersion(packageName) : pinnedVersion(app, packageName);
  return version.split(".")[0];
}

function installedVersion(packageName) {
  return JSON.parse(readFileSync(new URL(`node_modules/${packageName}/package.json`, ROOT), "utf8")).version;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  for (const framework of FRAMEWORKS) {
    writeFileSync(new URL(`docs/guides/${pathOf(framework)}`, ROOT), pageOf(framework));
  }
  const index = new URL("docs/guides/frameworks.md", ROOT);
  writeFileSync(
    index,
    readFileSync(index, "utf8").replace(TABLE, (_, begin, end) => `${begin}\n${tableOf()}\n${end}`),
  );
}
