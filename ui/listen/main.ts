import '../parts/tokens.css';
import { mount } from 'svelte';
import App from './app.svelte';

const target = document.getElementById('app');
if (target) mount(App, { target });

// Keeps the page itself on the device. Only where the browser allows it (https, or the same machine).
if ('serviceWorker' in navigator && import.meta.env.PROD) {
  navigator.serviceWorker.register('/listen-worker.js', { scope: '/listen' }).catch((thrown) => {
    console.debug('the page cannot be kept on this device', thrown);
  });
}
