// Loaded once the first headlines are there.
export { Announcer } from "./announcer.tsx";
export { FeedsPanel } from "./feeds-panel.tsx";
export { LetIn } from "./let-in.tsx";
export { Keys } from "../keys/keys.tsx";
export { Ticker } from "./ticker.tsx";
