import * as reactHooks from "artesian-client/react";
import * as solidHooks from "artesian-client/solid";
import * as vueHooks from "artesian-client/vue";
import { createElement } from "react";
import { renderToString as renderReact } from "react-dom/server";
import { createComponent } from "solid-js";
import { renderToString as renderSolid } from "solid-js/web";
import { afterEach, beforeEach, expect, onTestFinished, test, vi } from "vitest";
import { createSSRApp, defineComponent } from "vue";
import { renderToString as renderVue } from "vue/server-renderer";
import { connect, type ConnectionState, json, type Live, type TopicEvent } from "../../packages/client/src/index.ts";
import { bundle, svelte } from "../support/bundle.ts";

/** Longer than any delay of a connection before its first request, in milliseconds. */
const LONG_MS = 60_000;

const requested = vi.fn<typeof fetch>(() => Promise.reject(new TypeError("A server must not connect.")));

beforeEach(() => {
  vi.stubGlobal("fetch", requested.mockClear());
  vi.spyOn(console, "error");
  vi.spyOn(console, "warn");
});

afterEach(() => {
  vi.unstubAllGlobals();
  vi.restoreAllMocks();
});

const show = (event: TopicEvent<number> | undefined, states: ReadonlyMap<string, number>, { status }: ConnectionState): string =>
  `${event?.data} ${states.size} ${status}`;

const frameworks: Readonly<Record<string, (live: Live | undefined) => string | Promise<string>>> = {
  react: (live) =>
    renderReact(
      createElement(() => {
        const event = reactHooks.useTopic(live, "/a", json<number>());
        return show(event, reactHooks.useLatest(live, "/a/:b", json<number>()), reactHooks.useConnection(live));
      }),
    ),
  vue: (live) =>
    renderVue(
      createSSRApp(
        defineComponent(() => {
          const event = vueHooks.useTopic(live, () => "/a", json<number>());
          const states = vueHooks.useLatest(live, "/a/:b", json<number>());
          const state = vueHooks.useConnection(live);
          return () => show(event.value, states.value, state.value);
        }),
      ),
    ),
  solid: (live) =>
    renderSolid(() =>
      createComponent(() => {
        const event = solidHooks.useTopic(live, () => "/a", json<number>());
        const states = solidHooks.useLatest(live, "/a/:b", json<number>());
        const state = solidHooks.useConnection(live);
        return show(event(), states(), state());
      }, {}),
    ),
  svelte: async (live) => {
    const component = `<script>
      import { json } from "artesian-client";
      import { connection, latest, topic } from "artesian-client/svelte";
      const { live } = $props();
      const event = topic(live, "/a", json());
      const states = latest(live, "/a/:b", json());
      const state = connection(live);
    </script>{$event?.data ?? "undefined"} {$states.size} {$state.status}`;
    const load = {
      name: "app",
      resolveId: (id: string) => (id === "/app.svelte" ? id : null),
      load: (id: string) => (id === "/app.svelte" ? component : null),
    };
    const code = await bundle(
      'import App from "/app.svelte"; import { render } from "svelte/server"; export default (live) => render(App, { props: { live } }).body;',
      {
        plugins: [load, svelte("server")],
        environment: "server",
      },
    );
    const module = (await import(/* @vite-ignore */ `data:text/javascript;base64,${Buffer.from(code).toString("base64")}`)) as {
      default: (live: Live | undefined) => string;
    };
    return module.default(live);
  },
};

test.each(Object.keys(frameworks))("%s renders on a server, with a connection and without, and asks for nothing", async (name) => {
  const render = frameworks[name] as (live: Live | undefined) => string | Promise<string>;
  const live = connect("http://127.0.0.1:9/events/stream");
  onTestFinished(() => live.close());
  const text = async (from: Live | undefined): Promise<string> => (await render(from)).replaceAll(/<!--.*?-->/g, "");
  expect(await text(undefined)).toBe("undefined 0 connecting");
  vi.useFakeTimers();
  onTestFinished(() => void vi.useRealTimers());
  expect(await text(live)).toBe("undefined 0 connecting");
  await vi.advanceTimersByTimeAsync(LONG_MS);
  expect(requested).not.toHaveBeenCalled();
  expect(vi.mocked(console.error)).not.toHaveBeenCalled();
  expect(vi.mocked(console.warn)).not.toHaveBeenCalled();
});
