// npm run field: hears a hub with every client, behind every proxy and on every Node, and prints how long that takes.
import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";

const ROOT = fileURLToPath(new URL("..", import.meta.url));
const PAGE = join(ROOT, "docs/reference/field-matrix.md");

const HELP = `Usage: npm run field -- [options]

Options
  --write-docs  writes the tables into docs/reference/field-matrix.md, if every cell passed
  --help

Needs \`npm run build\` and the programs of scripts/setup.mjs. Ends with status 1 when a client heard an event late or never.`;

function run(command, args, env = {}) {
  return spawnSync(process.execPath, [join(ROOT, command), ...args], { cwd: ROOT, stdio: "inherit", env: { ...process.env, ...env } })
    .status;
}

/** "17 · 6": the first event, and the slower of the two that were published later. */
function cell(measured) {
  if (measured === undefined) return "not measured";
  const { first, second, third } = measured;
  const later = second === undefined || third === undefined ? "never" : Math.max(second, third);
  return `${first ?? "never"} · ${later}`;
}

function table(corner, { rows, columns, cells }) {
  const lines = rows.map((row) => [row, ...columns.map((column) => cell(cells[row]?.[column]))]);
  return [[corner, ...columns], columns.concat("").map(() => "---"), ...lines].map((line) => `| ${line.join(" | ")} |`).join("\n");
}

function page(tables) {
  return `# Clients, proxies and versions of Node

For readers who must know whether their client hears a stream at once, behind their proxy. Measure your own machine:

\`\`\`sh
npm run field
\`\`\`

\`npm run field -- --write-docs\` wrote the tables below, in one run, on a machine with two cores that also ran the clients and the proxies. The numbers vary
from run to run by tens of milliseconds. The test asserts much less: each event is heard within two seconds.

A cell has two times in milliseconds:

1. from the request to the first event, which the journal held; by the client's own clock, the start of its process left out;
2. from the publish to an event published on the open stream; the slower of one right after the first, and one after heartbeats.

Each event has fewer than 100 bytes, and nothing follows until the client has heard it. So no buffer on the way holds an event back.

## Clients and proxies

The hub is \`artesian serve\`. Each client has its default settings, unless the row names one. nginx has the configuration of [its page](../operate/nginx.md). The other
proxies have the fewest lines that make a reverse proxy: \`test/field/proxies\` of the repository. The programs of the clients are in
\`test/field/readers\`.

${table("client", tables.clients)}

Set these:

| with | set | because |
| --- | --- | --- |
| HAProxy | \`option http-no-delay\` | HAProxy holds each part of a stream for 200 ms, in case more comes |
| PHP, \`fopen\` | \`protocol_version\` 1.0 in the stream context, or use curl | PHP reads a chunked body in blocks of 8 KiB, and most proxies chunk |
| Ruby, net/http | \`Accept-Encoding: identity\` | Ruby asks for gzip by itself, and hands out what it inflated in blocks of 16 KiB |
| Java, \`GZIPInputStream\` | no \`Accept-Encoding\`, as HttpClient's default is | Java's readers of text fill their buffer of 8 KiB from what is inflated |

Varnish needs nothing: the hub sends no gzip to Varnish, which would inflate it in blocks of 32 KiB for clients that take none.

## Versions of Node

The hub runs on the newest release of each version of Node, and a program reads with \`fetch\`, or with \`node:http2\`. \`workers\` is \`--workers 2\`. HTTP/2 is the
library's handler in a server of \`node:http2\`.

${table("hub on", tables.nodes)}
`;
}

const { values } = parseArgs({ options: { "write-docs": { type: "boolean", default: false }, help: { type: "boolean", default: false } } });
if (values.help) {
  console.log(HELP);
} else {
  const folder = mkdtempSync(join(tmpdir(), "artesian-field-"));
  try {
    const status = run("node_modules/vitest/vitest.mjs", ["run", "--project", "field"], { ARTESIAN_FIELD_RESULTS: folder });
    const files = { clients: join(folder, "clients.json"), nodes: join(folder, "nodes.json") };
    if (Object.values(files).every(existsSync)) {
      const tables = Object.fromEntries(Object.entries(files).map(([name, file]) => [name, JSON.parse(readFileSync(file, "utf8"))]));
      console.log(`\n${table("client", tables.clients)}\n\n${table("hub on", tables.nodes)}`);
      if (values["write-docs"] && status === 0) {
        writeFileSync(PAGE, page(tables));
        run("node_modules/oxfmt/bin/oxfmt", [PAGE]);
      }
    }
    process.exitCode = status ?? 1;
  } finally {
    rmSync(folder, { recursive: true });
  }
}
