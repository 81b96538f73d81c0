// What a visitor does with one message, loaded with the first need.
export { MessageTools } from "./message-tools.tsx";
export { Quote } from "./quote.tsx";
export { Replying } from "./replying.tsx";
