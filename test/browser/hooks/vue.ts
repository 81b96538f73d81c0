import { json } from "artesian-client";
import { useConnection, useLatest, useTopic } from "artesian-client/vue";
import { type App, createApp, defineComponent, h, shallowRef } from "vue";
import { expose, live, root, textOf } from "./page.ts";

const topics = shallowRef<readonly string[]>([]);

const Row = defineComponent(
  (props: { readonly topic: string }) => {
    const event = useTopic(live, () => props.topic, json<number>());
    return () => h("li", event.value?.data);
  },
  { props: ["topic"] },
);

const All = defineComponent(() => {
  const state = useConnection(live);
  const states = useLatest(live, "/quotes/:symbol", json<number>());
  return () => [h("b", state.value.status), h("i", textOf(states.value)), topics.value.map((topic, key) => h(Row, { key, topic }))];
});

let app: App | undefined;
expose({
  show(next) {
    topics.value = next;
    app ??= createApp(All);
    if (root.childElementCount === 0) app.mount(root);
  },
  unmount: () => app?.unmount(),
});
