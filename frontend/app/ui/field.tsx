import type { ComponentChildren } from "preact";
import { useId, useState } from "preact/hooks";
import { text } from "../i18n/en.ts";
import { Icon } from "./icons.tsx";

interface FieldProps {
  label: string;
  value: string;
  onValue: (value: string) => void;
  hint?: ComponentChildren;
  wrong?: boolean;
  prefix?: string;
  name?: string;
  autocomplete?: string;
  autofocus?: boolean;
  onBlur?: () => void;
}

interface FrameProps extends FieldProps {
  hidden: boolean;
  after?: ComponentChildren;
}

function FieldFrame(props: FrameProps) {
  const id = useId();
  return (
    <div class={props.wrong === true ? "field field-wrong" : "field"}>
      <label class="field-label" for={id}>
        {props.label}
      </label>
      <div class="field-box">
        {props.prefix !== undefined && (
          <span class="field-prefix" aria-hidden="true">
            {props.prefix}
          </span>
        )}
        <input
          id={id}
          {...(props.hidden ? ({ type: "password" } as const) : ({ type: "text" } as const))}
          name={props.name}
          value={props.value}
          autocomplete={props.autocomplete}
          autocapitalize="none"
          spellcheck={false}
          aria-invalid={props.wrong === true}
          aria-describedby={props.hint === undefined ? undefined : `${id}-hint`}
          data-autofocus={props.autofocus === true ? "" : undefined}
          onInput={(event) => props.onValue(event.currentTarget.value)}
          onBlur={props.onBlur}
        />
        {props.after}
      </div>
      {props.hint !== undefined && (
        <div class="field-hint" id={`${id}-hint`} aria-live="polite">
          {props.hint}
        </div>
      )}
    </div>
  );
}

export function TextField(props: FieldProps) {
  return <FieldFrame {...props} hidden={false} />;
}

/** Shown on request instead of typed twice. */
export function PasswordField(props: FieldProps) {
  const [shown, setShown] = useState(false);
  const toggle = (
    <button
      type="button"
      class="icon-button"
      aria-label={shown ? text.common.hide : text.common.show}
      aria-pressed={shown}
      onClick={() => setShown(!shown)}
    >
      <Icon name={shown ? "eyeOff" : "eye"} />
    </button>
  );
  return <FieldFrame {...props} hidden={!shown} after={toggle} />;
}
