import { Component, type ComponentChildren, type ComponentType } from "preact";
import { type Language, language } from "artesian-ui/language.ts";

/** A component that is drawn again only with other properties, or in another language. */
export function memo<P extends object>(draw: (props: P) => ComponentChildren): ComponentType<P> {
  return class extends Component<P> {
    #drawnIn: Language | undefined;

    override shouldComponentUpdate(next: P): boolean {
      return this.#drawnIn !== language() || !isEqual(this.props, next);
    }

    override render(): ComponentChildren {
      this.#drawnIn = language();
      return draw(this.props);
    }
  };
}

function isEqual(one: object, other: object): boolean {
  const keys = Object.keys(one);
  return keys.length === Object.keys(other).length && keys.every((key) => Reflect.get(one, key) === Reflect.get(other, key));
}
