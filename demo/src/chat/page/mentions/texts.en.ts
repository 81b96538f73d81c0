export const en = {
  names: "People to mention",
  notify: "Notify me when somebody writes @ and my nickname while this tab is hidden",
  denied: "The browser does not allow it. Change that in the settings of this site.",
  title: (nickname: string, room: string) => `${nickname} mentioned you in ${room}`,
};

export type MentionTexts = typeof en;
