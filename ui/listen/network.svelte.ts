let online = $state(navigator.onLine);

window.addEventListener('online', () => {
  online = true;
});
window.addEventListener('offline', () => {
  online = false;
});

/** What the browser believes of its network. */
export const network = {
  get online(): boolean {
    return online;
  },
};
