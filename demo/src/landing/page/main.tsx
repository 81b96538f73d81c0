import "../../shared/ui/no-start.ts";
import "../../shared/ui/base.css";
import "./landing.css";
import { startPage } from "../../shared/ui/start-page.tsx";
import { Landing } from "./landing.tsx";

startPage(<Landing origin={location.origin} />);
