import { expect, test } from 'vitest';
import { startServer } from '../../../testing/server.js';
import { visitor } from '../testing/client.js';

test('an app pointed at the demo site finds its project, and every sound of it as an MP3 address that plays', async () => {
  const server = await startServer({
    env: { EARSHOT_DEMO: 'yes', EARSHOT_DEMO_DEVICES: '0', EARSHOT_DEMO_WALKERS: '0' },
  });
  try {
    const { client } = await visitor(server.url, 'demo-visitor');
    const [project] = await client.list('projects/');
    const assets = await client.list(`assets/?submitted=true&project_id=${project?.id}`);
    const speakers = await client.list(`speakers/?activeyn=true&project_id=${project?.id}`);
    expect(assets.length).toBeGreaterThan(0);
    expect(speakers.length).toBeGreaterThan(0);
    for (const address of [
      ...assets.map((row) => String(row['file'])),
      ...speakers.map((row) => String(row['uri'])),
    ]) {
      const got = await fetch(address, { headers: { range: 'bytes=0-99' } });
      expect(got.status, address).toBe(206);
      expect(got.headers.get('content-type')).toMatch(/^audio\//);
    }
    expect(assets.every((row) => String(row['file']).endsWith('.mp3'))).toBe(true);
  } finally {
    await server.stop();
  }
});

test('the personality can be switched off', async () => {
  const server = await startServer({ env: { EARSHOT_ROUNDWARE: 'no' } });
  try {
    const answer = await fetch(`${server.url}/api/2/`);
    expect(answer.status).toBe(404);
  } finally {
    await server.stop();
  }
});
