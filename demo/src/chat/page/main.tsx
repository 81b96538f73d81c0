import "artesian-ui/no-start.ts";
import "artesian-ui/base.css";
import "./chat.css";
import { startPage } from "artesian-ui/start-page.tsx";
import { readRoom } from "../server/room-name.ts";
import { ChatPage } from "./chat-page.tsx";

// The server has sent every other form of a name to this address.
const room = readRoom(location.pathname.split("/")[2] ?? "") ?? "lobby";
startPage(() => <ChatPage room={room} />);
