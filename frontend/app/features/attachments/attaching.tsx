import "./attaching.css";
import { Component, type ComponentChildren, createRef } from "preact";
import type { ConversationView, OutgoingFile } from "#core/client-api.ts";
import { text } from "../../i18n/en.ts";
import { nameOf } from "../../state/conversation-name.ts";
import type { Timeline } from "../../state/timeline.ts";
import { Icon } from "../../ui/icons.tsx";
import { lazily } from "../../ui/lazily.tsx";
import { inspectFile } from "./inspect.ts";
import type { Pick } from "./sheet-view.ts";

const SendSheet = lazily(async () => (await import("./send-sheet.tsx")).SendSheet);

interface AttachingProps {
  view: ConversationView;
  timeline: Timeline;
  /** The chat; files may be dropped anywhere on it. */
  children: (attach: (files: readonly File[]) => void) => ComponentChildren;
}

interface AttachingState {
  readonly picks: readonly Pick[];
  readonly over: boolean;
}

function bringsFiles(event: DragEvent): boolean {
  return event.dataTransfer?.types.includes("Files") === true;
}

/** Three ways lead here: the paper clip, dropping, pasting. All end in the sheet where one sees what will be sent. */
export class Attaching extends Component<AttachingProps, AttachingState> {
  override state: AttachingState = { picks: [], over: false };
  readonly #chat = createRef<HTMLElement>();
  readonly #listening = new AbortController();
  /** Children report entering and leaving too; only the balance says where the pointer is. */
  #depth = 0;
  #picked = 0;

  override componentDidMount(): void {
    const { signal } = this.#listening;
    const chat = this.#chat.current;
    document.addEventListener("paste", (event) => this.#onPaste(event), { signal });
    chat?.addEventListener("dragenter", (event) => this.#onDrag(event, 1), { signal });
    chat?.addEventListener("dragleave", (event) => this.#onDrag(event, -1), { signal });
    chat?.addEventListener("dragover", (event) => bringsFiles(event) && event.preventDefault(), { signal });
    chat?.addEventListener("drop", (event) => this.#onDrop(event), { signal });
  }

  override componentWillUnmount(): void {
    this.#listening.abort();
  }

  readonly #attach = (files: readonly File[]): void => {
    const picks = files.map((file): Pick => ({ key: (this.#picked += 1), file, facts: undefined }));
    this.setState((before) => ({ picks: [...before.picks, ...picks] }));
    for (const pick of picks) void this.#inspect(pick);
  };

  async #inspect({ key, file }: Pick): Promise<void> {
    const facts = await inspectFile(file);
    this.setState(({ picks }) => ({
      picks: picks.map((pick) => (pick.key === key ? { ...pick, facts } : pick)),
    }));
  }

  #onPaste(event: ClipboardEvent): void {
    const files = [...(event.clipboardData?.files ?? [])];
    // A copied table brings a picture of itself along with its text; the text is what was meant.
    if (files.length === 0 || event.clipboardData?.types.includes("text/plain") === true) return;
    event.preventDefault();
    this.#attach(files);
  }

  #onDrag(event: DragEvent, step: 1 | -1): void {
    if (!bringsFiles(event)) return;
    this.#depth = Math.max(0, this.#depth + step);
    this.setState({ over: this.#depth > 0 });
  }

  #onDrop(event: DragEvent): void {
    if (!bringsFiles(event)) return;
    event.preventDefault();
    this.#depth = 0;
    this.setState({ over: false });
    this.#attach([...(event.dataTransfer?.files ?? [])]);
  }

  readonly #close = (): void => this.setState({ picks: [] });

  readonly #send = (message: { text: string; files: readonly OutgoingFile[] }): void => {
    this.#close();
    void this.props.timeline.sendFiles(message);
  };

  override render() {
    const { view, children } = this.props;
    const { picks, over } = this.state;
    return (
      <main class="chat" ref={this.#chat}>
        {children(this.#attach)}
        {over && (
          <div class="drop-here" aria-hidden="true">
            <p>
              <Icon name="clip" />
              {text.attachments.drop(nameOf(view))}
            </p>
          </div>
        )}
        {picks.length > 0 && (
          <SendSheet
            view={view}
            picks={picks}
            onAdd={this.#attach}
            onRemove={(key) => this.setState({ picks: picks.filter((pick) => pick.key !== key) })}
            onClose={this.#close}
            onSend={this.#send}
          />
        )}
      </main>
    );
  }
}
