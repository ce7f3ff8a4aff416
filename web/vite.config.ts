import { fileURLToPath } from 'node:url';
import { svelte } from '@sveltejs/vite-plugin-svelte';
import { defineConfig } from 'vite';
import { fixture } from './dev/fixture';
import { messages } from './plugins/messages';
import { precompress } from './plugins/precompress';

// QUIPU_HUB=http://127.0.0.1:8080 develops against a running hub; without it the fixture answers.
const hub = process.env['QUIPU_HUB'];
const proxy = hub ? { '/api': { target: hub, changeOrigin: true }, '/healthz': hub } : undefined;

export default defineConfig({
  root: fileURLToPath(new URL('.', import.meta.url)),
  plugins: [messages(), svelte(), precompress(), ...(hub ? [] : [fixture()])],
  server: { host: '127.0.0.1', proxy },
  preview: { host: '127.0.0.1', proxy },
  build: {
    outDir: fileURLToPath(new URL('../build/web', import.meta.url)),
    emptyOutDir: true,
    target: 'es2022',
    assetsInlineLimit: 0, // a data: address would break default-src 'self'
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
    rollupOptions: {
      // Svelte marks what is pure where Rollup does not look for it: nothing of ours to mend.
      onwarn: (warning, warn) => (warning.code === 'INVALID_ANNOTATION' ? undefined : warn(warning)),
    },
  },
});
