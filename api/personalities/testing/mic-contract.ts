import { CONTRACT } from './mic-contract-items.js';
import { noting } from './noting.js';

export const { covers, shows } = noting(CONTRACT, 'micboard');
