export const en = {
  heading: "Your rooms",
  current: "here",
  unread: (count: number) => `unread ${count === 1 ? "message" : "messages"}`,
  elsewhere: (count: number) => `, ${count} unread in other rooms`,
};

export type RoomsTexts = typeof en;
