import "./toasts.css";
import { text } from "../i18n/en.ts";
import { useApp } from "../state/context.ts";
import { Icon } from "./icons.tsx";

export function ToastStack() {
  const { toasts } = useApp();
  return (
    <output class="toasts">
      {toasts.shown.value.map((toast) => (
        <span class="toast" key={toast.id}>
          <span>{toast.text}</span>
          <button
            type="button"
            class="icon-button"
            aria-label={text.common.close}
            onClick={() => toasts.dismiss(toast.id)}
          >
            <Icon name="close" />
          </button>
        </span>
      ))}
    </output>
  );
}
