import { json } from "artesian-client";
import { useConnection, useLatest, useTopic } from "artesian-client/react";
import { createElement, type ReactElement, StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { expose, live, root, textOf } from "./page.ts";

function Row({ topic }: { readonly topic: string }): ReactElement {
  return createElement("li", null, useTopic(live, topic, json<number>())?.data);
}

function App({ topics }: { readonly topics: readonly string[] }): ReactElement {
  const rows = topics.map((topic, key) => createElement(Row, { key, topic }));
  const states = textOf(useLatest(live, "/quotes/:symbol", json<number>()));
  return createElement("div", null, createElement("b", null, useConnection(live).status), createElement("i", null, states), rows);
}

const app = createRoot(root);
expose({
  show: (topics) => app.render(createElement(StrictMode, null, createElement(App, { topics }))),
  unmount: () => app.unmount(),
});
