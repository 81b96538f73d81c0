export const en = {
  title: "Keys",
  enter: "Enter",
  next: "Next headline",
  previous: "Headline before",
  open: "Open the headline in a new tab",
  read: "Mark the headline as read, or as unread",
  showNew: "Show the new headlines",
  search: "Filter by words",
  help: "This list",
  isOn: "Keys act (never while you type)",
  close: "Close",
};

export type KeysTexts = typeof en;
