import "../new-chat/new-chat.css";
import { useState } from "preact/hooks";
import type { ClientErrorCode, GroupView, HistoryChoice } from "#core/client-api.ts";
import { text } from "../../i18n/en.ts";
import { useApp } from "../../state/context.ts";
import { Dialog } from "../../ui/dialog.tsx";
import { TextField } from "../../ui/field.tsx";
import { Icon } from "../../ui/icons.tsx";
import { attempt, sayProblem } from "./attempt.ts";
import { ChooseHistory } from "./history-choice.tsx";
import { nameView } from "./naming.ts";
import { PeoplePicker } from "./people-picker.tsx";
import { doubtful, knownPeople, type Pick } from "./picking.ts";

interface GroupDialogProps {
  group: GroupView;
  onClose: () => void;
}

function Problem({ code }: { code: ClientErrorCode | undefined }) {
  if (code === undefined) return null;
  return (
    <div class="notice" role="alert">
      <Icon name="warning" />
      {sayProblem(code)}
    </div>
  );
}

export function RenameDialog({ group, onClose }: GroupDialogProps) {
  const { client } = useApp();
  const [typed, setTyped] = useState(group.title);
  const [working, setWorking] = useState(false);
  const [problem, setProblem] = useState<ClientErrorCode>();
  const view = nameView(typed);

  async function rename(): Promise<void> {
    if (view.name === group.title) {
      onClose();
      return;
    }
    setWorking(true);
    const done = await attempt(() => client.api.renameGroup(group.conversationId, view.name));
    setWorking(false);
    if (done.ok) onClose();
    else setProblem(done.code);
  }

  return (
    <Dialog title={text.groups.info.rename} kind="alert" onClose={onClose}>
      <form
        class="rename"
        onSubmit={(event) => {
          event.preventDefault();
          if (view.isGood && !working) void rename();
        }}
      >
        <TextField
          label={text.groups.create.name}
          value={typed}
          autocomplete="off"
          autofocus
          wrong={(view.left ?? 0) < 0}
          hint={
            view.left === undefined ? text.groups.create.nameHint : text.groups.create.nameLeft(view.left)
          }
          onValue={setTyped}
        />
        <Problem code={problem} />
        <div class="dialog-actions">
          <button type="button" class="button button-quiet" onClick={onClose}>
            {text.common.cancel}
          </button>
          <button type="submit" class="button button-primary" disabled={!view.isGood || working}>
            {text.groups.info.renameSave}
          </button>
        </div>
      </form>
    </Dialog>
  );
}

export function AddPeopleDialog({ group, onClose }: GroupDialogProps) {
  const { account, client, conversations } = useApp();
  const [picks, setPicks] = useState<readonly Pick[]>([]);
  const [history, setHistory] = useState<HistoryChoice>("none");
  const [working, setWorking] = useState(false);
  const [problem, setProblem] = useState<ClientErrorCode>();
  const [wrong, setWrong] = useState<readonly string[]>([]);
  const status = account.value;
  const self = status?.state === "signed_in" ? status.username : "";
  const inGroup = new Set(group.members.map(({ username }) => username));
  const ready = picks.length > 0 && wrong.length === 0 && !working;

  function choose(next: readonly Pick[]): void {
    setPicks(next);
    setProblem(undefined);
    setWrong(wrong.filter((name) => next.some(({ username }) => username === name)));
  }

  async function add(): Promise<void> {
    setWorking(true);
    setProblem(undefined);
    const usernames = picks.map(({ username }) => username);
    const done = await attempt(() => client.api.addMembers(group.conversationId, usernames, history));
    if (done.ok) {
      onClose();
      return;
    }
    setWorking(false);
    const suspects = doubtful(picks);
    if (done.code === "user_not_found" && suspects.length > 0) setWrong(suspects);
    else setProblem(done.code);
  }

  return (
    <Dialog title={text.groups.info.addTitle} kind="sheet" onClose={onClose}>
      <PeoplePicker
        ground={{ self, known: knownPeople(conversations.value ?? [], inGroup), inGroup }}
        others={group.members.length}
        picks={picks}
        onPicks={choose}
        wrong={wrong}
        onDone={() => ready && void add()}
      />
      <div class="sheet-foot">
        <Problem code={problem} />
        <ChooseHistory choice={history} onChoice={setHistory} />
        <button
          type="button"
          class="button button-primary button-wide"
          disabled={!ready}
          onClick={() => void add()}
        >
          {working && <span class="spinner" />}
          {picks.length === 0 ? text.groups.info.add : text.groups.info.addAction(picks.length)}
        </button>
      </div>
    </Dialog>
  );
}
