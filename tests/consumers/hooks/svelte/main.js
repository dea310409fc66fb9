import { mount } from 'svelte';
import { open } from '../open.js';
import App from './App.svelte';

mount(App, { target: document.querySelector('main'), props: { db: await open() } });
