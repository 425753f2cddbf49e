/**
 * What the bundles import as undici: of a CommonJS package that is imported lazily the bundler gives the default export
 * only, and `const { Agent } = await import('undici')` would be undefined there, though not under Node.js.
 */
import undici from '../../node_modules/undici/index.js';
import { Agent, request } from '../../node_modules/undici/index.js';

export { Agent, request };
export default undici;
