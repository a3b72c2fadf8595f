/** How far a link is, as both screens show it. */
export type LinkStatus =
  | { readonly state: "idle" }
  /** This screen shows the code; the other device has not come yet. */
  | {
      readonly state: "showing";
      readonly code: string;
      readonly form: LinkForm;
      readonly expiresAtMs: number;
    }
  /** The other device is being looked for. */
  | { readonly state: "connecting"; readonly expiresAtMs: number }
  /** On the device of the account: is this the device that is to join? */
  | { readonly state: "confirm"; readonly deviceName: string; readonly expiresAtMs: number }
  /** On both: the same four? The device of the account waits for the answer. */
  | {
      readonly state: "compare";
      readonly deviceName: string | undefined;
      readonly emoji: readonly { readonly emoji: string; readonly name: string }[];
      readonly expiresAtMs: number;
    }
  | { readonly state: "finishing" }
  | { readonly state: "done" }
  | { readonly state: "failed"; readonly reason: LinkFailure };

/** `scan`: a QR code; `type`: four groups of five characters. */
export type LinkForm = "scan" | "type";

export type LinkFailure =
  | "expired"
  /** The other side said no, gave up, or somebody else was faster. */
  | "refused"
  /** What came does not fit the code: another code, or somebody between the devices. */
  | "untrusted"
  /** The account's devices changed meanwhile. */
  | "changed"
  | "too_many_devices"
  | "rate_limited"
  | "offline"
  | "internal";

/** A code that this device shows, or one that it scanned or that was typed into it. */
export type LinkWay = { readonly show: LinkForm } | { readonly code: string };
