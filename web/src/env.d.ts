/// <reference types="svelte" />
/// <reference types="vite/client" />

declare module 'messages:*' {
  import type { Message } from './i18n/message';
  const catalogue: Record<string, Message>;
  export default catalogue;
}
