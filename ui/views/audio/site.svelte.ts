import { createContext } from 'svelte';
import { Collection } from '../../data/collection.svelte.js';

/** What all pages of the audio part share: projects and languages of the site. */
export class AudioSite {
  readonly projects = new Collection('projects', () => ({ order: 'name' }));
  readonly languages = new Collection('languages', () => ({}));
}

export const [useSite, provideSite] = createContext<AudioSite>();
