/** Parts of the app that nobody sees before the chat list: fetched when they are first shown, kept by the service worker. */
import { type ComponentType, Component } from "preact";

/** A component that is fetched when it is first drawn; nothing stands in its place meanwhile. */
export function lazily<Props extends object>(
  load: () => Promise<ComponentType<Props>>,
): ComponentType<Props> {
  let loaded: ComponentType<Props> | undefined;
  return class Lazy extends Component<Props> {
    override componentDidMount(): void {
      if (loaded === undefined) void this.#load();
    }

    async #load(): Promise<void> {
      loaded = await load();
      this.forceUpdate();
    }

    override render() {
      const Loaded = loaded;
      return Loaded === undefined ? null : <Loaded {...this.props} />;
    }
  };
}
