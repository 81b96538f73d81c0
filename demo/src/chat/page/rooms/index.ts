// The list of rooms. A visitor who was in no other room needs none.
export { RoomList } from "./room-list.tsx";
export { UnreadMark } from "./unread-mark.tsx";
