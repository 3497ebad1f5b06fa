/** The mark: three layers, each resting on the next. */
export const Mark = () => (
  <svg width="18" height="18" viewBox="0 0 16 16" fill="currentColor" aria-hidden="true">
    <path d="M8 1 15 5 8 9 1 5z" />
    <path d="M2.6 7.4 8 10.5l5.4-3.1L15 8.3 8 12.3 1 8.3z" opacity=".6" />
    <path d="M2.6 10.9 8 14l5.4-3.1L15 11.8 8 15.8 1 11.8z" opacity=".32" />
  </svg>
);
