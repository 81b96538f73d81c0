export const en = {
  reply: "Reply",
  notTaken: "That did not work. Try again in a moment.",
  replyingTo: (nickname: string) => `Replying to ${nickname}: `,
  cancel: "Cancel",
  goTo: "Go to the message",
  earlier: "An earlier message",
};

export type ToolTexts = typeof en;
