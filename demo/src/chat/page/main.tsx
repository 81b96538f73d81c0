import "artesian-ui/no-start.ts";
import "artesian-ui/base.css";
import "./chat.css";
import { startPage } from "artesian-ui/start-page.tsx";
import { ChatPage } from "./chat-page.tsx";

const room = location.pathname.split("/")[2] ?? "lobby";
startPage(() => <ChatPage room={room} />);
