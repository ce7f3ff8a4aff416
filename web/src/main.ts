import { mount } from 'svelte';
import { me } from './access/me.svelte';
import { speak } from './i18n/index.svelte';
import { startRouter } from './lib/router.svelte';
import { session } from './lib/session.svelte';
import { about } from './shell/about.svelte';
import App from './shell/App.svelte';
import './shell/base.css';

session.start();
startRouter();
await speak(session.language);
void about.ask();
void me.ask();
mount(App, { target: document.getElementById('app')! });
