/** By the code or the reason of the server's answer. */
export const en = {
  nickname_empty: "Choose a nickname of at least one character.",
  nickname_too_long: "The nickname is too long.",
  nickname_invisible: "The nickname has an invisible character. Type it again.",
  nickname_of_bot: "This nickname reads as the bot's. Choose another.",
  text_empty: "The message is empty.",
  text_too_long: "The message is too long.",
  text_control: "The message has a control character. Remove it.",
  too_large: "The message is too long.",
  muted: "The owner of the chat has muted you in this room.",
  insufficient_scope: "This page may not write in this room. Reload it.",
  other_visitor: "It was written before this browser became a new visitor. Send it now?",
  too_old: "It has waited for more than a day. Send it now?",
  other: (status: number) => `The server refused it with status ${status}.`,
};

export type RefusalTexts = typeof en;
