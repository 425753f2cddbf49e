/**
 * What the bundles hold in the place of axios: node-vault requires it when it is loaded and would use it only if the
 * functions did not give it a transport of their own. So a quarter of a megabyte stays out, and no request can go by a
 * client that follows redirects with Vault's token on board.
 */
export function create(): never {
  throw new Error('node-vault was made without a transport; axios is not part of the bundle.');
}
