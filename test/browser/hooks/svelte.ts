import { mount, unmount } from "svelte";
import { writable } from "svelte/store";
import App from "./Root.svelte";
import { expose, root } from "./page.ts";

const topics = writable<readonly string[]>([]);
let app: Record<string, unknown> | undefined;
expose({
  show(next) {
    topics.set(next);
    app ??= mount(App, { target: root, props: { topics } });
  },
  unmount: () => void (app && unmount(app)),
});
