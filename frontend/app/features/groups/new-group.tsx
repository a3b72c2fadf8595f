import "../new-chat/new-chat.css";
import { useLayoutEffect, useRef, useState } from "preact/hooks";
import type { ClientErrorCode } from "#core/client-api.ts";
import { text } from "../../i18n/en.ts";
import { useApp } from "../../state/context.ts";
import { Avatar } from "../../ui/avatar.tsx";
import { Dialog } from "../../ui/dialog.tsx";
import { TextField } from "../../ui/field.tsx";
import { Icon } from "../../ui/icons.tsx";
import { attempt, sayProblem } from "./attempt.ts";
import { nameView } from "./naming.ts";
import { PictureButton } from "./picture-button.tsx";
import { PeoplePicker } from "./people-picker.tsx";
import { useUrl } from "./use-url.ts";
import { doubtful, knownPeople, type Pick } from "./picking.ts";

const nobody: ReadonlySet<string> = new Set();

/** Two steps in one sheet: who, then what it is called. Nothing chosen is lost between them or by an error. */
export function NewGroup() {
  const { account, client, conversations, readConversations, reportError, router } = useApp();
  const [picks, setPicks] = useState<readonly Pick[]>([]);
  const [step, setStep] = useState<"people" | "name">("people");
  const [typed, setTyped] = useState("");
  const [picture, setPicture] = useState<Blob>();
  const [working, setWorking] = useState(false);
  const [problem, setProblem] = useState<ClientErrorCode>();
  const [wrong, setWrong] = useState<readonly string[]>([]);
  const status = account.value;
  const self = status?.state === "signed_in" ? status.username : "";
  const ground = { self, known: knownPeople(conversations.value ?? [], nobody), inGroup: nobody };
  const words = text.groups.create;

  function choose(next: readonly Pick[]): void {
    setPicks(next);
    setWrong(wrong.filter((name) => next.some(({ username }) => username === name)));
  }

  async function create(name: string): Promise<void> {
    setWorking(true);
    setProblem(undefined);
    const usernames = picks.map(({ username }) => username);
    const made = await attempt(() => client.api.createGroup({ name, usernames }));
    if (made.ok) {
      const { conversationId } = made.value;
      // The group is there; without its picture it is only plainer.
      const done = picture && (await attempt(() => client.api.setGroupPicture(conversationId, picture)));
      if (done?.ok === false) reportError(done.code);
      await readConversations();
      router.go({ name: "chat", conversationId }, { replace: true });
      return;
    }
    setWorking(false);
    const suspects = doubtful(picks);
    if (made.code === "user_not_found" && suspects.length > 0) {
      setWrong(suspects);
      setStep("people");
    } else setProblem(made.code);
  }

  return (
    <Dialog
      title={step === "people" ? words.peopleTitle : words.nameTitle}
      kind="sheet"
      onClose={() => router.leave()}
    >
      {step === "people" ? (
        <>
          <PeoplePicker
            ground={ground}
            others={1}
            picks={picks}
            onPicks={choose}
            wrong={wrong}
            onDone={() => picks.length > 0 && wrong.length === 0 && setStep("name")}
          />
          <div class="sheet-foot">
            <button
              type="button"
              class="button button-primary button-wide"
              disabled={picks.length === 0 || wrong.length > 0}
              onClick={() => setStep("name")}
            >
              {words.next}
            </button>
          </div>
        </>
      ) : (
        <Naming
          picks={picks}
          typed={typed}
          picture={picture}
          working={working}
          problem={problem}
          onTyped={setTyped}
          onPicture={setPicture}
          onBack={() => setStep("people")}
          onCreate={(name) => void create(name)}
        />
      )}
    </Dialog>
  );
}

interface NamingProps {
  picks: readonly Pick[];
  typed: string;
  picture: Blob | undefined;
  working: boolean;
  problem: ClientErrorCode | undefined;
  onTyped: (typed: string) => void;
  onPicture: (picture: Blob | undefined) => void;
  onBack: () => void;
  onCreate: (name: string) => void;
}

function Naming(props: NamingProps) {
  const { picks, typed, picture, working, problem, onTyped, onPicture, onBack, onCreate } = props;
  const form = useRef<HTMLFormElement>(null);
  const view = nameView(typed);
  const src = useUrl(picture);
  const words = text.groups.create;
  useLayoutEffect(() => form.current?.querySelector<HTMLElement>("[data-autofocus]")?.focus(), []);
  return (
    <form
      ref={form}
      class="group-naming"
      onSubmit={(event) => {
        event.preventDefault();
        if (view.isGood && !working) onCreate(view.name);
      }}
    >
      <div class="dialog-scroll">
        <div class="naming-card">
          <PictureButton
            hasPicture={picture !== undefined}
            busy={false}
            onSave={(chosen) => {
              onPicture(chosen);
              return Promise.resolve(undefined);
            }}
            onRemove={() => onPicture(undefined)}
          >
            <Avatar account={view.name} name={view.name} size="l" isGroup src={src} />
          </PictureButton>
          <TextField
            label={words.name}
            value={typed}
            autocomplete="off"
            autofocus
            wrong={(view.left ?? 0) < 0}
            hint={view.left === undefined ? words.nameHint : words.nameLeft(view.left)}
            onValue={onTyped}
          />
        </div>
        <h3 class="section-title">{words.with(picks.length)}</h3>
        <ul class="naming-people">
          {picks.map(({ username, account }) => (
            <li key={username}>
              <Avatar account={account ?? username} name={username} />
              <bdi class="ellipsis">{username}</bdi>
            </li>
          ))}
        </ul>
      </div>
      <div class="sheet-foot">
        {problem !== undefined && (
          <div class="notice" role="alert">
            <Icon name="warning" />
            {problem === "offline" ? text.groups.info.createOffline : sayProblem(problem)}
          </div>
        )}
        <div class="sheet-foot-row">
          <button type="button" class="button button-quiet" disabled={working} onClick={onBack}>
            {text.common.back}
          </button>
          <button type="submit" class="button button-primary" disabled={!view.isGood || working}>
            {working && <span class="spinner" />}
            {working ? words.creating : words.create}
          </button>
        </div>
      </div>
    </form>
  );
}
