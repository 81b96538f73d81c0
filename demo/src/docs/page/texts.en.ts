export const en = {
  copyCode: "Copy the lines",
  /** Empty where the reader's language is the text's. */
  note: "",
  quickStart: "",
};

export type DocsTexts = typeof en;
