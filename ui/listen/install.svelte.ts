/** Chromium's own event; other browsers have their menu for it. */
interface InstallPrompt extends Event {
  prompt(): Promise<unknown>;
}

let waiting = $state.raw<InstallPrompt | undefined>(undefined);

window.addEventListener('beforeinstallprompt', (event) => {
  event.preventDefault();
  waiting = event as InstallPrompt;
});
window.addEventListener('appinstalled', () => {
  waiting = undefined;
});

export const install = {
  get possible(): boolean {
    return waiting !== undefined;
  },
  /** To be called inside of a press. */
  async ask(): Promise<void> {
    const prompt = waiting;
    waiting = undefined;
    await prompt?.prompt();
  },
};
