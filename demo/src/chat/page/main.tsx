import "../../shared/ui/no-start.ts";
import "../../shared/ui/base.css";
import "./chat.css";
import { startPage } from "../../shared/ui/start-page.tsx";
import { ChatPage } from "./chat-page.tsx";

startPage(<ChatPage room={location.pathname.split("/")[2] ?? "lobby"} />);
