/** The mark: a speech bubble in which a sound grows quieter. */
export function LogoMark({ size = 40 }: { size?: number }) {
  return (
    <svg class="logo-mark" width={size} height={size} viewBox="0 0 48 48" aria-hidden="true">
      <path
        class="logo-bubble"
        d="M24 4c11.6 0 20 8 20 18.6S35.6 41.2 24 41.2c-2.3 0-4.5-.3-6.5-.9-2.4 1.7-5.6 3-9.4 3.2-.9 0-1.3-1-.7-1.7 1.7-1.9 2.6-4 2.9-6.1C6.3 32.3 4 27.7 4 22.6 4 12 12.4 4 24 4z"
      />
      <path class="logo-sound" d="M15.5 15.5v14M23 18v9M30 20.6v3.8M36 22.5v.01" />
    </svg>
  );
}
