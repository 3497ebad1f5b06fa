import react from "@vitejs/plugin-react";
import { defineConfig } from "vite";

/**
 * What is built runs under `default-src 'none'`: no inline script or style, no data: URL but images, nothing from
 * another host. Assets therefore stay files (`assetsInlineLimit: 0`), and styles are one file per route.
 */
export default defineConfig({
  plugins: [react()],
  build: {
    target: "es2024",
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
    chunkSizeWarningLimit: 600,
  },
});
