import type { ComponentChildren } from "preact";
import { useEffect, useMemo } from "preact/hooks";
import type { ConsoleApi } from "../api.ts";
import { bytes, count, dayAndClock, duration, rate, readable } from "../format.ts";
import { consoleTexts } from "../texts.ts";
import { useAsked } from "../use-asked.ts";
import { useRepeated } from "../use-repeated.ts";
import { topicsTexts } from "./texts.ts";
import { type TopicNode, treeOf } from "./tree.ts";

export interface TopicsProps {
  readonly api: ConsoleApi;
  readonly active: boolean;
  /** Changes with each sample. */
  readonly tick: number;
  /** Shows the updates of a topic. */
  readonly onTopic: (topic: string) => void;
}

/** Most lines below a part of a name. */
const MOST_LINES = 200;

/** The topics as a tree, with their rates, sizes and last updates. */
export function Topics({ api, active, tick, onTopic }: TopicsProps): ComponentChildren {
  const { asked, ask } = useAsked((signal) => api.topics(signal));
  const texts = topicsTexts();
  const { answer, problem } = asked;
  const tree = useMemo(() => treeOf(answer?.topics ?? []), [answer]);
  useEffect(() => {
    if (active) ask();
  }, [active, ask]);
  useRepeated(asked, ask, active, tick);
  if (answer === undefined && problem === undefined) return <p class="empty">{consoleTexts().asking}</p>;
  return (
    <section class="pane card" aria-labelledby="topics-list-title">
      <h3 id="topics-list-title">{texts.title}</h3>
      <p class="count" role="status" data-testid="topics-count">
        {answer !== undefined && texts.counted(answer.topics.length, count(answer.topics.length), dayAndClock(answer.since))}
        {answer !== undefined && answer.left > 0 && ` ${texts.left(answer.left, count(answer.left))}`}
      </p>
      <p class="hint">{texts.hint}</p>
      <p class="problem" role="alert">
        {problem?.()}
      </p>
      {answer?.topics.length === 0 && <p class="empty">{texts.none}</p>}
      <Branches nodes={tree} level={0} onTopic={onTopic} />
    </section>
  );
}

interface BranchesProps {
  readonly nodes: readonly TopicNode[];
  readonly level: number;
  readonly onTopic: (topic: string) => void;
}

function Branches({ nodes, level, onTopic }: BranchesProps): ComponentChildren {
  if (nodes.length === 0) return null;
  return (
    <ul class="tree">
      {nodes.slice(0, MOST_LINES).map((node) => (
        <li key={node.name} data-testid="topic" data-topic={node.path}>
          {node.children.length === 0 ? (
            <Line node={node} onTopic={onTopic} />
          ) : (
            <details open={level === 0}>
              <summary>
                <Line node={node} onTopic={onTopic} />
              </summary>
              <Branches nodes={node.children} level={level + 1} onTopic={onTopic} />
            </details>
          )}
        </li>
      ))}
      {nodes.length > MOST_LINES && <li class="hint">{consoleTexts().matchers.more(nodes.length - MOST_LINES)}</li>}
    </ul>
  );
}

function Line({ node, onTopic }: { node: TopicNode; onTopic: (topic: string) => void }): ComponentChildren {
  const texts = topicsTexts();
  const size = bytes(node.charactersPerSecond);
  const all = bytes(node.characters);
  return (
    <span class="tree-line">
      <span class="tree-name">
        {node.isTopic && node.children.length === 0 ? (
          <button type="button" class="link" title={texts.show(node.path)} onClick={() => onTopic(node.path)}>
            {readable(node.name)}
          </button>
        ) : (
          <>
            <code>{readable(node.name)}</code> {node.topics > 1 && <small>{texts.below(node.topics, count(node.topics))}</small>}
          </>
        )}
      </span>
      <span>{consoleTexts().aSecond(rate(node.updatesPerSecond))}</span>
      <span>{consoleTexts().aSecond(`${size.number} ${size.unit}`)}</span>
      <span>{texts.updates(node.updates, count(node.updates), `${all.number} ${all.unit}`)}</span>
      <span>{texts.ago(duration(Math.max(0, Date.now() - node.lastAt)))}</span>
    </span>
  );
}
