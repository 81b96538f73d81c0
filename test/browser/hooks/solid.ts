import { json } from "artesian-client";
import { useConnection, useLatest, useTopic } from "artesian-client/solid";
import { createComponent, createRenderEffect, createSignal, Index, type JSX } from "solid-js";
import { render } from "solid-js/web";
import { expose, live, root, textOf } from "./page.ts";

const [topics, setTopics] = createSignal<readonly string[]>([]);

/** An element whose text follows a signal. */
function element(name: string, text: () => string | number | undefined): JSX.Element {
  const made = document.createElement(name);
  createRenderEffect(() => {
    made.textContent = String(text() ?? "");
  });
  return made;
}

function Row({ topic }: { readonly topic: () => string }): JSX.Element {
  const event = useTopic(live, topic, json<number>());
  return element("li", () => event()?.data);
}

function App(): JSX.Element {
  const state = useConnection(live);
  const states = useLatest(live, "/quotes/:symbol", json<number>());
  return [
    element("b", () => state().status),
    element("i", () => textOf(states())),
    createComponent(Index<readonly string[], JSX.Element>, {
      get each() {
        return topics();
      },
      children: (topic) => createComponent(Row, { topic }),
    }),
  ];
}

let unmount: (() => void) | undefined;
expose({
  show(next) {
    setTopics(next);
    unmount ??= render(() => createComponent(App, {}), root);
  },
  unmount: () => unmount?.(),
});
