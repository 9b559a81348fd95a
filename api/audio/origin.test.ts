import { expect, test } from 'vitest';
import { streamOriginOf } from './origin.js';

const icecastUrl = 'http://source:secret@127.0.0.1:8001';
const plain = 'http://garden.example:8080';
const secure = 'https://garden.example:8443';

test('streams are found where the client reached us, on Icecast, or where the operator says', () => {
  expect(streamOriginOf({ streamPort: 8000 })(plain)).toBe('http://garden.example:8000');
  expect(streamOriginOf({ streamPort: 1, icecastUrl })(plain)).toBe('http://garden.example:8001');
  const far = streamOriginOf({ streamPort: 1, icecastUrl: 'http://source:secret@ice.example:80' });
  expect(far(plain)).toBe('http://ice.example:80');
  const publicStreamUrl = 'https://cdn.example/audio/';
  expect(streamOriginOf({ streamPort: 1, icecastUrl, publicStreamUrl })(secure)).toBe(
    'https://cdn.example/audio',
  );
});

test('a project may leave by the built-in mounts, by Icecast, or by both', () => {
  const at = streamOriginOf({ streamPort: 8000, icecastUrl });
  expect(at(plain, 'builtin')).toBe('http://garden.example:8000');
  expect(at(plain, 'icecast')).toBe('http://garden.example:8001');
  expect(at(plain, 'both')).toBe('http://garden.example:8001');
  expect(streamOriginOf({ streamPort: 8000 })(plain, 'icecast')).toBe('http://garden.example:8000');
});

test('behind TLS the built-in mounts are reached through the same proxy', () => {
  expect(streamOriginOf({ streamPort: 8000 })(secure)).toBe('https://garden.example:8443/mounts');
  expect(streamOriginOf({ streamPort: 1, icecastUrl })(secure, 'both')).toBe(
    'https://garden.example:8443/mounts',
  );
});
