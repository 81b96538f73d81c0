import "artesian-ui/no-start.ts";
import "artesian-ui/base.css";
import "./stocks.css";
import { startPage } from "artesian-ui/start-page.tsx";
import { createStores, StocksPage } from "./stocks-page.tsx";

/** Longest wait for the prices before the page is drawn without them, in milliseconds. To draw it twice takes longer. */
const FIRST_DRAW_MS = 300;

const stores = createStores();
const ready = new Promise<void>((resolve) => {
  setTimeout(resolve, FIRST_DRAW_MS);
  const stop = stores.store.subscribe(() => {
    if (!stores.store.view.loaded) return;
    stop();
    resolve();
  });
});
startPage(() => <StocksPage origin={location.origin} stores={stores} />, ready);
