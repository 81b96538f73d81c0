// Dialogs over the page. A reader who comes back needs none at first.
export { NicknameDialog } from "./nickname-dialog.tsx";
export { RoomDialog } from "./room-dialog.tsx";
