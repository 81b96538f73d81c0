import "artesian-ui/no-start.ts";
import "artesian-ui/base.css";
import "./news.css";
import { startPage } from "artesian-ui/start-page.tsx";
import { NewsPage } from "./news-page.tsx";

startPage(NewsPage);
