import { svelte } from '@sveltejs/vite-plugin-svelte';
import { defineConfig } from 'vitest/config';
import { messages } from './plugins/messages';

export default defineConfig({
  plugins: [messages(), svelte()],
  test: { include: ['src/**/*.test.ts', 'dev/**/*.test.ts', 'plugins/**/*.test.ts'], environment: 'node' },
});
