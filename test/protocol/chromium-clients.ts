import { openPage } from "../browser/support.ts";
import { Batches, END } from "./batches.ts";
import type { Client } from "./clients.ts";
import type { ParsedEvent } from "./standard-parser.ts";

const NATIVE = "Chromium";
const FETCH = "@microsoft/fetch-event-source";

// A batch is handed over whole, so that nothing depends on the order in which calls leave the page.
const PAGE = `<!doctype html>
<script type="module">
  import { fetchEventSource } from "/fetch-event-source/index.js";

  const collect = (client) => {
    let current = [];
    return (event) => {
      if (event.type.startsWith("hub:")) return;
      if (event.type === ${JSON.stringify(END)}) {
        finish(client, Number(event.data), current);
        current = [];
      } else current.push(event);
    };
  };
  const native = collect(${JSON.stringify(NATIVE)});
  const fetched = collect(${JSON.stringify(FETCH)});
  const known = new Set();
  let source;

  window.connect = (url) => {
    source = new EventSource(url);
    fetchEventSource(url, { openWhenHidden: true, onmessage: ({ id, event, data }) => fetched({ id, type: event || "message", data }) });
  };
  window.listen = (types) => {
    for (const type of types) {
      if (known.has(type)) continue;
      known.add(type);
      source.addEventListener(type, (event) => {
        if (event instanceof MessageEvent) native({ id: event.lastEventId, type: event.type, data: event.data });
      });
    }
  };
</script>`;

/** What the page defines. */
interface PageFunctions {
  connect(url: string): void;
  listen(types: readonly string[]): void;
}

/** Two clients in one page: Chromium's own `EventSource`, and `@microsoft/fetch-event-source`. */
export async function chromiumClients(url: string, types: readonly string[]): Promise<readonly Client[]> {
  const page = await openPage();
  const batches = new Map([NATIVE, FETCH].map((name) => [name, new Batches()]));
  await page.exposeFunction("finish", (name: string, number: number, events: readonly ParsedEvent[]) =>
    batches.get(name)?.finish(number, events),
  );
  const { origin } = new URL(url);
  await page.route(`${origin}/page`, (route) => route.fulfill({ contentType: "text/html", body: PAGE }));
  // Its modules import each other without the file's extension.
  await page.route(`${origin}/fetch-event-source/*`, async (route) => {
    const [, name = ""] = /([a-z]+)(\.js)?$/.exec(route.request().url()) ?? [];
    await route.fulfill({ contentType: "text/javascript", path: new URL(import.meta.resolve(`${FETCH}/lib/esm/${name}.js`)).pathname });
  });
  await page.goto(`${origin}/page`);
  await page.evaluate(
    ([url, types]) => {
      const functions = window as unknown as PageFunctions;
      functions.connect(url);
      functions.listen(types);
    },
    [url, types] as const,
  );
  const listen = async (more: readonly string[]): Promise<void> =>
    page.evaluate((types) => (window as unknown as PageFunctions).listen(types), more);
  return Array.from(batches, ([name, received]) => ({ name, listen, batch: (number) => received.wait(number) }));
}
