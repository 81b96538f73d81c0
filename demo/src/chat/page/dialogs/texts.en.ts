export const en = {
  nickname: {
    first: "What should we call you?",
    change: "Change your nickname",
    hint: "Everyone in the room sees it. No account, no password.",
    label: "Nickname",
    justLook: "Just look",
    cancel: "Cancel",
    enter: "Enter the room",
    save: "Save",
    tooLong: (max: number, length: number) => `A nickname has at most ${max} characters; this one has ${length}.`,
    ofBot: (botName: string) => `${botName} is the bot's name. Choose another.`,
  },
  room: {
    heading: "Bring somebody here",
    hint: "Everybody who can reach this server can enter with this address.",
    address: "Address of this room",
    copy: "Copy the address",
    other: "Or go to another room",
    go: "Go",
    rule: "A name has letters or digits.",
    done: "Done",
  },
  /** Words of suggested nicknames and rooms. */
  suggestions: {
    first: ["Quiet", "Clear", "Deep", "Bright", "Gentle", "Swift", "Calm", "Silver", "Mossy", "Sunny", "Merry", "Wild"],
    second: ["Spring", "Brook", "Otter", "Heron", "Pebble", "River", "Willow", "Kingfisher", "Fern", "Lake", "Trout", "Rain"],
    nickname: (first: string, second: string) => `${first} ${second}`,
    room: (first: string, second: string, number: number) => `${first}-${second}-${number}`.toLowerCase(),
  },
};

export type DialogTexts = typeof en;
