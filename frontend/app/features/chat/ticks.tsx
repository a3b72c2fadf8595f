import type { DeliveryState } from "#core/client-api.ts";
import { text } from "../../i18n/en.ts";

/** Clock, one tick, two ticks, two ticks on a filled badge, a struck circle: told apart by shape alone. */
export function Ticks({ delivery }: { delivery: DeliveryState }) {
  return (
    <svg
      class={`ticks ticks-${delivery}`}
      viewBox="0 0 20 14"
      role="img"
      aria-label={text.delivery[delivery]}
    >
      <TickShape delivery={delivery} />
    </svg>
  );
}

function TickShape({ delivery }: { delivery: DeliveryState }) {
  switch (delivery) {
    case "pending":
      return (
        <>
          <circle cx="12.5" cy="7" r="5" />
          <path d="M12.5 4.3V7l1.9 1.3" />
        </>
      );
    case "sent":
      return <path d="m7 7.6 3.2 3.2L16.8 3.4" />;
    case "delivered":
      return <path d="m2.8 7.6 3.2 3.2 6.6-7.4M9.8 10.3l.5.500 6.6-7.4" />;
    case "read":
      return (
        <>
          <rect class="ticks-badge" x="0" y="0" width="20" height="14" rx="7" />
          <path class="ticks-cut" d="m4.2 7.3 2.5 2.5 4.9-5.5M9.9 9.5l.3.300 4.9-5.5" />
        </>
      );
    case "failed":
      return (
        <>
          <circle cx="12.5" cy="7" r="5.6" />
          <path d="M12.5 4v3.6M12.5 9.9v.1" />
        </>
      );
  }
}
